#include "kernels/train/checkpoint_keeper.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "kernels/base/status.h"

namespace winnow::train {

CheckpointKeeper::CheckpointKeeper(std::string directory, double interval_s, double share)
    : directory_(std::move(directory)),
      interval_s_(interval_s),
      share_(share),
      wait_s_(interval_s),
      last_(Clock::now()) {}

bool CheckpointKeeper::due() const {
  return std::chrono::duration<double>(Clock::now() - last_).count() >= wait_s_;
}

void CheckpointKeeper::CountCost(double seconds) {
  // cost / (cost + wait) = share
  wait_s_ = std::max(interval_s_, seconds * (1.0 - share_) / share_);
  last_ = Clock::now();
}

absl::StatusOr<std::string> CheckpointKeeper::Write(int64_t number, const Checkpoint& checkpoint) {
  const std::string path = absl::StrFormat("%s/checkpoint-%06d.ckpt", directory_, number);
  RETURN_IF_ERROR(WriteCheckpointFile(path, checkpoint));
  last_ = Clock::now();
  kept_.push_back(path);
  if (kept_.size() > 2) {
    ::unlink(kept_.front().c_str());
    kept_.pop_front();
  }
  return path;
}

}  // namespace winnow::train
