// A clock for open streams: what they must notice while their client says nothing.
#ifndef WINNOW_SERVER_RPC_STREAM_TICKS_H_
#define WINNOW_SERVER_RPC_STREAM_TICKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/ticker.h"

namespace winnow::rpc {

// THREAD-SAFETY: any thread.
class StreamTicks {
 public:
  explicit StreamTicks(absl::Duration period = absl::Milliseconds(200))
      : ticker_(period, [this] { Tick(); }) {}

  // Calls `tick` once a period until Remove. It must not block, nor call Add or Remove.
  int64_t Add(std::function<void()> tick) {
    absl::MutexLock lock(&mutex_);
    ticks_.emplace(++last_id_, std::move(tick));
    return last_id_;
  }
  // Waits for a call that is under way; there is none after it.
  void Remove(int64_t id) {
    absl::MutexLock lock(&mutex_);
    ticks_.erase(id);
  }

 private:
  void Tick() {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, tick] : ticks_) tick();
  }

  absl::Mutex mutex_;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::function<void()>> ticks_ ABSL_GUARDED_BY(mutex_);
  server::Ticker ticker_;  // last: it uses the others
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_STREAM_TICKS_H_
