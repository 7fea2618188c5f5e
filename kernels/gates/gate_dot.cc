#include "kernels/gates/gate_dot.h"

#include <utility>
#include <vector>

#include "kernels/base/status.h"
#include "kernels/gates/gate_feature.h"

namespace winnow::gates {

absl::StatusOr<WeightFold> MakeDotFold(const CandidateSet& candidates,
                                       std::span<const int32_t> vectors, int32_t dimension,
                                       int32_t outputs) {
  // The candidate of every column of V is what a feature gate on V itself would have.
  const auto n = static_cast<int32_t>(vectors.size());
  std::vector<FieldRows> fields;
  for (int32_t f = 0; f < n; ++f) {
    if (vectors[f] >= 0) fields.push_back({vectors[f], true, f * dimension, dimension});
  }
  ASSIGN_OR_RETURN(WeightFold fold, MakeFeatureFold(candidates, fields, n * dimension, outputs));
  fold.input_base = std::move(fold.row_base);
  const auto candidate = [&](int32_t f) { return fold.input_base[f * dimension]; };

  const int32_t direct = n > 0 ? dimension : 0;
  fold.rows = direct + n * (n - 1) / 2;
  fold.row_base.assign(static_cast<size_t>(direct), n > 0 ? candidate(0) : -1);
  fold.row_second.assign(static_cast<size_t>(direct), -1);
  for (int32_t i = 1; i < n; ++i) {
    for (int32_t j = 0; j < i; ++j) {
      const bool first_gated = candidate(i) >= 0;
      fold.row_base.push_back(first_gated ? candidate(i) : candidate(j));
      fold.row_second.push_back(first_gated ? candidate(j) : -1);
    }
  }
  return fold;
}

}  // namespace winnow::gates
