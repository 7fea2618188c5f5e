// Where the time of a job goes.
#ifndef WINNOW_KERNELS_TRAIN_STAGE_CLOCK_H_
#define WINNOW_KERNELS_TRAIN_STAGE_CLOCK_H_

#include <chrono>
#include <span>

#include "kernels/train/run_job.h"
#include "kernels/train/stages.h"

namespace winnow::train {

// OWNERSHIP: the timing outlives the clock. THREAD-SAFETY: none.
class StageClock {
 public:
  explicit StageClock(Timing& timing) : timing_(timing), last_(std::chrono::steady_clock::now()) {}

  // Adds the time since the last call to an account.
  void Count(double& account) { account += Take(); }
  // To the accounts of several stages, by their shares. REQUIRES: as many shares as stages.
  void Count(std::span<const Stage* const> stages, std::span<const double> shares);

  double& AccountOf(const Stage& stage);

 private:
  double Take();

  Timing& timing_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGE_CLOCK_H_
