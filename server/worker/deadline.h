// The wall-clock limit of a job: when it passes, the job is asked to stop and keep its best.
#ifndef WINNOW_SERVER_WORKER_DEADLINE_H_
#define WINNOW_SERVER_WORKER_DEADLINE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "kernels/base/stop_token.h"

namespace winnow::worker {

// Requests kStop after `seconds`, unless destroyed before. OWNERSHIP: `stop` outlives it.
class Deadline {
 public:
  Deadline(double seconds, StopToken& stop)
      : thread_([this, seconds, &stop] {
          std::unique_lock lock(mutex_);
          const auto wait = std::chrono::duration<double>(seconds);
          if (!ended_.wait_for(lock, wait, [this] { return over_; })) {
            stop.Request(StopRequest::kStop);
          }
        }) {}
  ~Deadline() {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_DEADLINE_H_
