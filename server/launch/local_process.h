// The launcher of one machine: a child process per attempt, in a process group of its own.
//
// A worker gets: argv = worker_argv + {"--server", "unix:SOCKET", "--attempt", ATTEMPT}; the secret
// in WINNOW_WORKER_SECRET; OMP_NUM_THREADS=1; its folder as working directory; RLIMIT_DATA at the
// memory limit (stops the heap, lets file maps through); SIGKILL when the server dies
// (PR_SET_PDEATHSIG). Beyond RLIMIT_DATA, RssAnon is polled, because pages that are shared
// copy-on-write or on stacks escape it.
#ifndef WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_
#define WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/launch/launcher.h"

namespace winnow::launch {

struct LocalProcessOptions {
  std::vector<std::string> worker_argv;  // {"/usr/bin/winnow-worker"}
  std::string server_socket;             // path of the WorkerService's Unix socket
  std::vector<std::string>
      environment;  // "NAME=value" added to a small fixed set (PATH, HOME, LANG, TZ, WINNOW_*)
  absl::Duration poll_interval = absl::Milliseconds(100);  // of RssAnon
};

// The destructor kills what still runs, reaps it and calls the remaining on_exit.
std::unique_ptr<Launcher> MakeLocalProcessLauncher(LocalProcessOptions options);

}  // namespace winnow::launch

#endif  // WINNOW_SERVER_LAUNCH_LOCAL_PROCESS_H_
