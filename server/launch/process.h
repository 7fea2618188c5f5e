// The system calls around one child process: start, look at, kill, reap. No policy.
#ifndef WINNOW_SERVER_LAUNCH_PROCESS_H_
#define WINNOW_SERVER_LAUNCH_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"

namespace winnow::launch {

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is a path
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
  std::string directory;                 // working directory; must exist
  std::string output_file;               // standard output and error, appended
  int64_t data_limit_bytes = 0;          // RLIMIT_DATA; 0 = none
};

// A child in a process group of its own that dies by SIGKILL with its server, and which the
// kernel's OOM killer takes before it takes the server.
struct Process {
  pid_t pid = 0;
  server::UniqueFd pidfd;  // readable once the child has ended; not open on kernels before 5.3
};

struct Ended {
  int exit_code = 0;
  int signal = 0;
  int64_t peak_rss_bytes = 0;  // of the child and the children that it waited for
};

// Errors of every step up to and including exec come back from here, with the step. REQUIRES: the
// calling thread outlives the child, because PR_SET_PDEATHSIG follows the thread.
absl::StatusOr<Process> Spawn(const ProcessSpec& spec);

// SIGKILL to the whole group. REQUIRES: not yet reaped.
void KillGroup(pid_t pid);

// Collects the child if it has ended, else nothing. What is left of its group is killed. ENSURES:
// no zombie.
std::optional<Ended> Reap(pid_t pid);

// Anonymous resident memory (RssAnon of /proc/PID/status); 0 when the process is gone.
int64_t AnonymousRssBytes(pid_t pid);

}  // namespace winnow::launch

#endif  // WINNOW_SERVER_LAUNCH_PROCESS_H_
