// Calls a function again and again, on a thread of its own.
#ifndef WINNOW_SERVER_BASE_TICKER_H_
#define WINNOW_SERVER_BASE_TICKER_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace winnow::server {

// The first call comes one period after construction, each further one a period after the end of
// the one before. The destructor waits for a call that is under way.
class Ticker {
 public:
  Ticker(absl::Duration period, std::function<void()> tick);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void Run();

  const absl::Duration period_;
  const std::function<void()> tick_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_TICKER_H_
