// How a running job is asked to end. Set from any thread, read at step boundaries.
#ifndef WINNOW_KERNELS_BASE_STOP_TOKEN_H_
#define WINNOW_KERNELS_BASE_STOP_TOKEN_H_

#include <atomic>

namespace winnow {

enum class StopRequest {
  kNone = 0,
  kYield,   // write a checkpoint and return: the job goes on later
  kStop,    // finish the step, keep the picks so far, skip curve and controls, retrain, succeed
  kCancel,  // return as soon as possible, no result
};

// The strongest request wins (cancel over stop over yield). THREAD-SAFETY: all members.
class StopToken {
 public:
  void Request(StopRequest request) {
    int want = static_cast<int>(request);
    int have = value_.load(std::memory_order_relaxed);
    while (have < want && !value_.compare_exchange_weak(have, want, std::memory_order_relaxed)) {
    }
  }
  StopRequest requested() const {
    return static_cast<StopRequest>(value_.load(std::memory_order_relaxed));
  }

 private:
  std::atomic<int> value_{0};
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_STOP_TOKEN_H_
