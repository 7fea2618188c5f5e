#include "kernels/gates/gate_feature.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace winnow::gates {

absl::StatusOr<WeightFold> MakeFeatureFold(const CandidateSet& candidates,
                                           std::span<const FieldRows> fields, int32_t input_width,
                                           int32_t outputs) {
  std::map<int32_t, int32_t> candidate_of;  // by column
  for (int32_t c = 0; c < static_cast<int32_t>(candidates.size()); ++c) {
    for (const int32_t column : candidates.items[c].columns) {
      const auto [entry, is_new] = candidate_of.emplace(column, c);
      if (!is_new) {
        return absl::InvalidArgumentError(absl::StrCat(
            "column ", column, " is in two candidates, '", candidates.items[entry->second].name,
            "' and '", candidates.items[c].name, "'"));
      }
    }
  }
  WeightFold fold;
  fold.kind = GateKind::kFeature;
  fold.rows = input_width;
  fold.columns = outputs;
  fold.column_block = outputs;
  fold.num_candidates = candidates.size();
  fold.row_base.assign(static_cast<size_t>(input_width), -1);
  for (const FieldRows& field : fields) {
    const auto entry = candidate_of.find(field.column);
    if (entry == candidate_of.end()) continue;
    for (int32_t r = 0; r < field.rows; ++r) fold.row_base[field.first_row + r] = entry->second;
  }
  return fold;
}

}  // namespace winnow::gates
