#include "kernels/selectors/group_penalty.h"

#include <algorithm>

namespace winnow::selectors {
namespace {

constexpr double kLeastNorm = 1e-4;

}  // namespace

std::vector<ParamSpec> GroupPenaltyParams() {
  return {{.name = "warmup",
           .default_value = 0.1,
           .min = 0,
           .max = 1,
           .max_exclusive = true,
           .doc = "Share of the steps before the penalty sets in."},
          {.name = "penalty",
           .default_value = 0.01,
           .min = 0,
           .min_exclusive = true,
           .doc = "Weight of the sum of norms of the unselected candidates' weights."}};
}

void GroupPenalty::Update(std::span<const int32_t> members, const ModelProbe& probe) {
  norms_.resize(static_cast<size_t>(probe.num_candidates()));
  probe.WeightNorms(norms_);
  ridge_.assign(norms_.size(), 0.0f);
  for (const int32_t c : members) {
    ridge_[c] = static_cast<float>(lambda_ / std::max<double>(norms_[c], kLeastNorm));
  }
}

}  // namespace winnow::selectors
