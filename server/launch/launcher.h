// Starts, watches and ends the worker process of an attempt. Only the launcher differs between a
// local pool, a batch system and a cluster.
#ifndef WINNOW_SERVER_LAUNCH_LAUNCHER_H_
#define WINNOW_SERVER_LAUNCH_LAUNCHER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "server/domain/job.h"
#include "server/domain/names.h"

namespace winnow::launch {

struct LaunchSpec {
  domain::AttemptId attempt;
  std::string secret;     // given to the process through WINNOW_WORKER_SECRET
  std::string directory;  // the attempt's folder; made when absent; becomes the working directory
  std::string log_file;   // standard output and error, appended
  int64_t memory_limit_bytes = 0;  // of anonymous memory; 0 = none
};

// THREAD-SAFETY: any thread.
class Launcher {
 public:
  virtual ~Launcher() = default;

  // Called once for each successful Launch, after the process is reaped, on a thread of the
  // launcher.
  using OnExit = std::function<void(const domain::AttemptId&, const domain::ExitInfo&)>;

  // An error means that no process exists and `on_exit` will not be called.
  virtual absl::Status Launch(const LaunchSpec& spec, OnExit on_exit) = 0;
  // SIGKILL to the whole process group. Nothing happens when it has ended.
  virtual void Kill(const domain::AttemptId& attempt) = 0;
};

}  // namespace winnow::launch

#endif  // WINNOW_SERVER_LAUNCH_LAUNCHER_H_
