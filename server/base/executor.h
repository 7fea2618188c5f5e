// Where work runs, as an interface: the same production code runs single-threaded in tests.
#ifndef WINNOW_SERVER_BASE_EXECUTOR_H_
#define WINNOW_SERVER_BASE_EXECUTOR_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace winnow::server {

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `task` at some time, once. THREAD-SAFETY: any thread.
  virtual void Schedule(std::function<void()> task) = 0;
};

// Runs each task before Schedule returns; a task scheduled by a running task runs after it, in
// order. For tests and for code that needs no second thread. THREAD-SAFETY: one thread at a time.
class InlineExecutor final : public Executor {
 public:
  void Schedule(std::function<void()> task) override;

 private:
  std::deque<std::function<void()>> queue_;
  bool running_ = false;
};

// A fixed number of threads over one FIFO queue. The destructor runs what is queued, then joins.
class ThreadPoolExecutor final : public Executor {
 public:
  explicit ThreadPoolExecutor(int threads);
  ~ThreadPoolExecutor() override;

  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  void Schedule(std::function<void()> task) override;

 private:
  void Work();

  absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_EXECUTOR_H_
