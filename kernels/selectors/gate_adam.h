// Adam on a few parameters of gates, one learning rate (Kingma & Ba, ICLR 2015, algorithm 1), with
// a second moment for each gate or the mean of all for every one. With one each, every gate moves
// at the same speed whatever it is worth, and only the steadiness of its gradient tells gates
// apart; with a shared one the sizes of the gradients stay comparable.
#ifndef WINNOW_KERNELS_SELECTORS_GATE_ADAM_H_
#define WINNOW_KERNELS_SELECTORS_GATE_ADAM_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"

namespace winnow::selectors {

// Gates move this many times faster than the weights of the network: a run has tens to thousands of
// steps, and a gate has to cross from 1 to 0 in it.
inline constexpr double kGateRate = 10.0;

enum class SecondMoment { kEach, kShared };

class GateAdam {
 public:
  GateAdam() = default;
  // All parameters start at `value`.
  GateAdam(int64_t size, float value, SecondMoment second_moment = SecondMoment::kEach);

  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }
  void Update(std::span<const float> gradient, double rate);

  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  SecondMoment kind_ = SecondMoment::kEach;
  std::vector<float> values_, first_, second_;
  int64_t steps_ = 0;
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GATE_ADAM_H_
