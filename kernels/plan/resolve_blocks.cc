#include <algorithm>

#include "kernels/plan/model_shape.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

constexpr int64_t kBytesPerValue = 4;

// Measured at 512 x 1,024 x 1,024 with blocks of 16, 32 and 64: forward, backward data and weight
// gradient together break even with dense products at 3 % to 10 % of dropped blocks; at 20 % they
// are 1.2 to 1.35 times as fast.
constexpr double kSparseSaving = 0.2;

}  // namespace

void ResolveBlocks(Resolver& r, BlockPruning& task) {
  const std::string path = "block_pruning";
  CheckBudget(r, path + ".budget", task.budget, /*density_allowed=*/true);
  r.Require(!task.budget.max_bytes, path + ".budget.max_bytes", "is not for blocks; use density");
  r.Require(!task.budget.max_flops, path + ".budget.max_flops", "is not for blocks; use density");
  if (!task.block_rows) task.block_rows = 16;
  if (!task.block_columns) task.block_columns = 16;
  r.RequireRange(path + ".block.rows", *task.block_rows, *task.block_rows >= 1, "must be >= 1");
  r.RequireRange(path + ".block.columns", *task.block_columns, *task.block_columns >= 1,
                 "must be >= 1");
  if (task.layers.empty()) task.layers = {"dense_0"};
  r.Require(task.layers.size() == 1, path + ".layers",
            "pruning several layers in one job is not built yet; name one");
  const ModelShape& model = r.plan.model;
  std::vector<std::string> known;
  const std::vector<LayerShape> layers = Layers(model);
  for (size_t l = 0; l < layers.size(); ++l) known.push_back(LayerName(static_cast<int64_t>(l)));
  const auto layer = std::find(known.begin(), known.end(), task.layers.front());
  if (layer == known.end()) {
    r.Add(path + ".layers[0]", absl::StrCat("no layer '", task.layers.front(), "'",
                                            Suggest(task.layers.front(), known)));
    return;
  }
  const auto index = static_cast<size_t>(layer - known.begin());
  CandidateSet& set = r.plan.candidates;
  set.gate = GateKind::kBlock;
  BlockGrid& grid = set.grid;
  grid.layer = static_cast<int32_t>(index);
  grid.rows = layers[index].inputs;
  grid.columns = layers[index].outputs;
  grid.block_rows = std::max(1, *task.block_rows);
  grid.block_columns = std::max(1, *task.block_columns);
  grid.sparse_saving = kSparseSaving;
  const int64_t blocks = static_cast<int64_t>(grid.grid_rows()) * grid.grid_columns();
  if (blocks > r.limits.max_candidates) {
    r.Add(path + ".block", absl::StrCat("makes ", blocks, " blocks; at most ",
                                        r.limits.max_candidates, " are allowed"));
    return;
  }
  set.items.reserve(static_cast<size_t>(blocks));
  for (int32_t p = 0; p < grid.grid_rows(); ++p) {
    for (int32_t q = 0; q < grid.grid_columns(); ++q) {
      const int64_t rows = std::min(grid.block_rows, grid.rows - p * grid.block_rows);
      const int64_t columns = std::min(grid.block_columns, grid.columns - q * grid.block_columns);
      Candidate candidate;
      candidate.name = absl::StrCat(*layer, "[", p, ",", q, "]");
      candidate.cost.bytes = rows * columns * kBytesPerValue;
      candidate.cost.flops = rows * columns;
      set.items.push_back(std::move(candidate));
    }
  }
  if (task.budget.max_count && *task.budget.max_count > blocks) {
    r.Add(path + ".budget.max_count",
          TooManyAsked(*task.budget.max_count, blocks, "blocks", /*forbidden=*/0));
  }
}

}  // namespace winnow::plan
