#include "kernels/train/stage_clock.h"

#include <cstddef>

namespace winnow::train {

void StageClock::Count(std::span<const Stage* const> stages, std::span<const double> shares) {
  const double seconds = Take();
  for (size_t i = 0; i < stages.size(); ++i) AccountOf(*stages[i]) += seconds * shares[i];
}

double& StageClock::AccountOf(const Stage& stage) {
  switch (stage.kind) {
    case Stage::Kind::kSelect:
    case Stage::Kind::kPrune:
    case Stage::Kind::kSize:
    case Stage::Kind::kCut:
    case Stage::Kind::kTrial:
    case Stage::Kind::kChoose:
      return timing_.select_s;
    case Stage::Kind::kRetrain:
      return timing_.retrain_s;
    case Stage::Kind::kCapacity:
    case Stage::Kind::kControl:
      return timing_.controls_s;
    case Stage::Kind::kRepeat:
      return timing_.repeats_s;
    case Stage::Kind::kCurve:
      break;
  }
  return timing_.curve_s;
}

double StageClock::Take() {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - last_).count();
  last_ = now;
  return seconds;
}

}  // namespace winnow::train
