// One thread that starts children, watches their memory and reaps them: the machinery of
// local_process.
#ifndef WINNOW_SERVER_LAUNCH_SUPERVISOR_H_
#define WINNOW_SERVER_LAUNCH_SUPERVISOR_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "server/base/unique_fd.h"
#include "server/domain/job.h"
#include "server/launch/process.h"

namespace winnow::launch {

// THREAD-SAFETY: any thread.
class Supervisor {
 public:
  // Runs on the supervisor's thread: must be short.
  using OnExit = std::function<void(const domain::ExitInfo&)>;

  explicit Supervisor(absl::Duration poll_interval);
  // Kills and reaps what is left.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Returns when the child runs `spec` or has failed to; then there is no child and no call of
  // `on_exit`. `key` is free again when on_exit is called. ALREADY_EXISTS when a child of this key
  // runs.
  absl::Status Start(const std::string& key, const ProcessSpec& spec, int64_t memory_limit_bytes,
                     OnExit on_exit);
  void Kill(const std::string& key);

 private:
  struct Child {
    Process process;
    int64_t memory_limit_bytes = 0;
    int64_t peak_anonymous_bytes = 0;
    bool hit_memory_limit = false;
    OnExit on_exit;
  };
  // A Start that waits for the supervisor's thread; lives on the caller's stack.
  struct Request {
    const std::string& key;
    const ProcessSpec& spec;
    int64_t memory_limit_bytes;
    OnExit on_exit;
    absl::Status result = absl::OkStatus();
    absl::Notification done;
  };
  using Children = std::map<std::string, Child>;

  void Run();
  void Wait();
  void StartOne(Request& request);
  void LookAfterChildren();
  bool CheckMemory(Child& child);
  bool IsDone();
  void Wake();

  const absl::Duration poll_interval_;
  server::UniqueFd wake_fd_;
  absl::Mutex mutex_;
  std::deque<Request*> requests_ ABSL_GUARDED_BY(mutex_);
  Children children_ ABSL_GUARDED_BY(mutex_);  // a pid in here is not reaped yet
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the parent of all children, see Spawn
};

}  // namespace winnow::launch

#endif  // WINNOW_SERVER_LAUNCH_SUPERVISOR_H_
