// A penalty on the norms of candidates as a ridge that follows the weights.
//
//   d/dW_c (lambda ||W_c||) = (lambda / ||W_c||) W_c
// so with ridge_c = lambda / max(||W_c||, floor), renewed every step, the gradient is that of the
// group penalty, and norms fall towards 0 without a division by it.
#ifndef WINNOW_KERNELS_SELECTORS_GROUP_PENALTY_H_
#define WINNOW_KERNELS_SELECTORS_GROUP_PENALTY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/model_probe.h"
#include "kernels/selectors/params.h"

namespace winnow::selectors {

// warmup and penalty.
std::vector<ParamSpec> GroupPenaltyParams();

class GroupPenalty {
 public:
  explicit GroupPenalty(double lambda) : lambda_(lambda) {}

  // ridge[c] for the members, 0 for the others.
  void Update(std::span<const int32_t> members, const ModelProbe& probe);
  std::span<const float> ridge() const { return ridge_; }

 private:
  double lambda_;
  std::vector<float> ridge_, norms_;
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GROUP_PENALTY_H_
