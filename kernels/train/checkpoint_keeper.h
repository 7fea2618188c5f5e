// Checkpoint files of one attempt: written in order, the last two kept.
//
// Between two stage ends one is due after the interval, but no sooner than what the last one cost
// (writing, and whatever its observer did with it) is `share` of the time: a state of gigabytes is
// written seldom, a small one every interval.
#ifndef WINNOW_KERNELS_TRAIN_CHECKPOINT_KEEPER_H_
#define WINNOW_KERNELS_TRAIN_CHECKPOINT_KEEPER_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"

namespace winnow::train {

// THREAD-SAFETY: none.
class CheckpointKeeper {
 public:
  // REQUIRES: 0 < share <= 1.
  CheckpointKeeper(std::string directory, double interval_s, double share);

  // Time for another one, since the last or since the beginning of the attempt.
  bool due() const;
  // Seconds that the last one took.
  void CountCost(double seconds);

  // Writes `directory`/checkpoint-<number>.ckpt, durable on return, and removes the one before the
  // last. Returns the path. On error the earlier files are intact.
  absl::StatusOr<std::string> Write(int64_t number, const Checkpoint& checkpoint);

 private:
  using Clock = std::chrono::steady_clock;

  std::string directory_;
  const double interval_s_, share_;
  double wait_s_;
  Clock::time_point last_;
  std::deque<std::string> kept_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_CHECKPOINT_KEEPER_H_
