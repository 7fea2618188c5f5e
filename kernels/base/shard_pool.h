// A small pool that runs a fixed list of tasks; the result never depends on how many threads it
// has.
#ifndef WINNOW_KERNELS_BASE_SHARD_POOL_H_
#define WINNOW_KERNELS_BASE_SHARD_POOL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace winnow {

// Threads claim tasks 0..n-1 from one counter; the calling thread takes part. Between calls the
// others spin for about 4,000 pauses (measured best: an idle step 0.41 ms against 0.48 without) and
// then wait on a futex. THREAD-SAFETY: Run is called by one thread at a time.
class ShardPool {
 public:
  // A reference to a callable void(int task, int thread); the callable outlives Run. No allocation
  // per Run.
  class Task {
   public:
    template <typename F>
    Task(const F& f)  // NOLINT(google-explicit-constructor): a view, like std::span
        : object_(&f), call_([](const void* object, int task, int thread) {
            (*static_cast<const F*>(object))(task, thread);
          }) {}
    void operator()(int task, int thread) const { call_(object_, task, thread); }

   private:
    const void* object_;
    void (*call_)(const void*, int, int);
  };

  // Test mode: tasks are claimed in a pseudo-random order with random delays, to show that bytes do
  // not depend on the order.
  struct Stress {
    bool enabled = false;
    uint64_t seed = 0;
  };

  // `thread_start` runs first on every pool thread and on the caller of the constructor
  // (it sets omp_set_num_threads(1): see determinism rules of kernels/ops).
  // REQUIRES: threads >= 1.
  explicit ShardPool(int threads, std::function<void()> thread_start = nullptr)
      : ShardPool(threads, std::move(thread_start), Stress()) {}
  ShardPool(int threads, std::function<void()> thread_start, Stress stress);
  ~ShardPool();
  ShardPool(const ShardPool&) = delete;
  ShardPool& operator=(const ShardPool&) = delete;

  // Runs task(i, thread) for i in [0, num_tasks), thread in [0, threads()); returns when all are
  // done. Everything written by the tasks is visible to the caller afterwards.
  void Run(int num_tasks, Task task);

  int threads() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_SHARD_POOL_H_
