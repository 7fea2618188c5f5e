// Logits of softmax gates (softmax.h) with their Adam state.
#ifndef WINNOW_KERNELS_SELECTORS_GATE_LOGITS_H_
#define WINNOW_KERNELS_SELECTORS_GATE_LOGITS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/rng.h"

namespace winnow::selectors {

// How the logits move.
enum class LogitOptimizer { kAdam, kSgd };

class GateLogits {
 public:
  // All 0.
  explicit GateLogits(int64_t size);

  std::span<const float> values() const { return logits_; }

  // Draws the members from N(mean, 1e-5^2) and clears their moments; `index_base` numbers the draw.
  void Redraw(std::span<const int32_t> members, const RngStream& stream, uint64_t index_base,
              double mean = 0.0);

  // Adds `offset` [size] to the members.
  void Shift(std::span<const int32_t> members, std::span<const float> offset);

  // out[i] = w_i - log(mean of exp(w_j) over the members) for members i: how many times the mean
  // share, as a logarithm. Other entries are left alone.
  void Relative(std::span<const int32_t> members, std::span<float> out) const;

  // One step on the members with d loss/d w in `gradient` [size]; Adam (0.9, 0.999, 1e-8) or plain
  // SGD. `decay` shrinks the members by 1 - rate * decay first (decoupled).
  void Update(LogitOptimizer optimizer, std::span<const int32_t> members,
              std::span<const float> gradient, double rate, double decay);

  void ClearMoments();

  // Standard deviation over the members.
  double StandardDeviation(std::span<const int32_t> members) const;

  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  void UpdateAdam(std::span<const int32_t> members, std::span<const float> gradient, double rate,
                  double keep);

  std::vector<float> logits_, first_, second_;
  std::vector<int64_t> steps_;  // Adam steps since the moments of each logit were cleared
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GATE_LOGITS_H_
