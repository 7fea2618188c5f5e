// The running mean of the training loss that progress notes show: over all steps at first, over
// about the last hundred later.
#ifndef WINNOW_KERNELS_TRAIN_RUNNING_LOSS_H_
#define WINNOW_KERNELS_TRAIN_RUNNING_LOSS_H_

#include <algorithm>
#include <cstdint>

namespace winnow::train {

// The mean after step `step` (from 0) with loss `loss`.
inline double RunningLoss(double mean, double loss, int64_t step) {
  const double share = 1.0 / static_cast<double>(std::min<int64_t>(step + 1, 100));
  return mean + share * (loss - mean);
}

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_RUNNING_LOSS_H_
