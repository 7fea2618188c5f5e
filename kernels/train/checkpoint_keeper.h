// Checkpoint files of one attempt: written in order, the last two kept.
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
  CheckpointKeeper(std::string directory, double interval_s);

  // The interval has passed since the last one, or since the beginning of the attempt.
  bool due() const;

  // Writes `directory`/checkpoint-<number>.ckpt, durable on return, and removes the one before the
  // last. Returns the path. On error the earlier files are intact.
  absl::StatusOr<std::string> Write(int64_t number, const Checkpoint& checkpoint);

 private:
  using Clock = std::chrono::steady_clock;

  std::string directory_;
  double interval_s_;
  Clock::time_point last_;
  std::deque<std::string> kept_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_CHECKPOINT_KEEPER_H_
