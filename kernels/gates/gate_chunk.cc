#include "kernels/gates/gate_chunk.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace winnow::gates {

absl::StatusOr<WeightFold> MakeChunkFold(const CandidateSet& candidates,
                                         std::span<const FieldRows> fields, int32_t input_width,
                                         int32_t outputs) {
  WeightFold fold;
  fold.kind = GateKind::kChunk;
  fold.rows = input_width;
  fold.columns = outputs;
  fold.column_block = outputs;
  fold.num_candidates = candidates.size();
  fold.row_base.assign(static_cast<size_t>(input_width), -1);
  for (int32_t c = 0; c < static_cast<int32_t>(candidates.size()); ++c) {
    const Candidate& chunk = candidates.items[c];
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const FieldRows& f) {
      return chunk.columns.size() == 1 && f.column == chunk.columns[0];
    });
    if (field == fields.end() || !field->categorical) {
      return absl::InvalidArgumentError(
          absl::StrCat("chunk '", chunk.name, "' names no categorical field of the model"));
    }
    if (chunk.begin < 0 || chunk.begin >= chunk.end || chunk.end > field->rows) {
      return absl::InvalidArgumentError(absl::StrCat("chunk '", chunk.name, "' covers dimensions [",
                                                     chunk.begin, ", ", chunk.end,
                                                     ") of a field of ", field->rows));
    }
    for (int32_t d = chunk.begin; d < chunk.end; ++d) {
      int32_t& base = fold.row_base[field->first_row + d];
      if (base >= 0) {
        return absl::InvalidArgumentError(absl::StrCat("chunks '", candidates.items[base].name,
                                                       "' and '", chunk.name, "' overlap"));
      }
      base = c;
    }
  }
  return fold;
}

}  // namespace winnow::gates
