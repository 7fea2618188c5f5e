#include "kernels/gates/gate_block.h"

#include "absl/strings/str_cat.h"

namespace winnow::gates {

absl::StatusOr<WeightFold> MakeBlockFold(const CandidateSet& candidates, int32_t inputs,
                                         int32_t outputs) {
  const BlockGrid& grid = candidates.grid;
  if (grid.rows != inputs || grid.columns != outputs) {
    return absl::InvalidArgumentError(absl::StrCat("block grid is made for ", grid.rows, " x ",
                                                   grid.columns, ", layer dense_", grid.layer,
                                                   " is ", inputs, " x ", outputs));
  }
  if (grid.block_rows < 1 || grid.block_columns < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "blocks of ", grid.block_rows, " x ", grid.block_columns, " must have at least 1 x 1"));
  }
  const int64_t blocks = static_cast<int64_t>(grid.grid_rows()) * grid.grid_columns();
  if (blocks != candidates.size()) {
    return absl::InvalidArgumentError(absl::StrCat("block grid has ", blocks, " blocks, there are ",
                                                   candidates.size(), " candidates"));
  }
  WeightFold fold;
  fold.kind = GateKind::kBlock;
  fold.layer = grid.layer;
  fold.rows = inputs;
  fold.columns = outputs;
  fold.column_block = grid.block_columns;
  fold.num_candidates = blocks;
  fold.grid = grid;
  fold.row_base.reserve(static_cast<size_t>(inputs));
  for (int32_t r = 0; r < inputs; ++r) {
    fold.row_base.push_back(r / grid.block_rows * grid.grid_columns());
  }
  return fold;
}

}  // namespace winnow::gates
