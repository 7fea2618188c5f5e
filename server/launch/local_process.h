// The launcher of one machine: a child process per attempt, in a process group of its own.
//
// A worker gets: argv = worker_argv + {"--server", "unix:SOCKET", "--attempt", ATTEMPT}; the secret
// in WINNOW_WORKER_SECRET; OMP_NUM_THREADS=1; its folder as working directory; RLIMIT_DATA near the
// memory limit (stops the heap, lets file maps through); SIGKILL when the server dies. RssAnon is
// polled besides: it is the exact limit, and it sees what RLIMIT_DATA does not count.
#ifndef WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_
#define WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/launch/launcher.h"

namespace winnow::launch {

struct LocalProcessOptions {
  std::vector<std::string> worker_argv;  // {"/usr/bin/winnow-worker"}; the first is a path
  std::string server_socket;             // path of the WorkerService's Unix socket
  std::vector<std::string> environment;  // "NAME=value", besides what PassedEnvironment takes over
  absl::Duration poll_interval = absl::Milliseconds(100);  // of RssAnon
};

// The destructor kills what still runs, reaps it, and returns when every on_exit has returned.
std::unique_ptr<Launcher> MakeLocalProcessLauncher(LocalProcessOptions options);

// The server's variables that a worker gets: PATH, HOME, TMPDIR, LANG, LC_*, TZ, LD_LIBRARY_PATH,
// WINNOW_* and the sanitizers' options.
std::vector<std::string> PassedEnvironment();

}  // namespace winnow::launch

#endif  // WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_
