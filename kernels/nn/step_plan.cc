#include "kernels/nn/step_plan.h"

#include <algorithm>
#include <cmath>

#include "kernels/ops/simd.h"

namespace winnow::nn {
namespace {

// Row blocks: blocks of 32 to 64 rows cost a forward product up to 4 %, a backward one up to 12 %;
// eight blocks keep up to eight threads busy. Tiles: 16 over all weights; the product of a tile of
// 16 rows and more runs at the speed of the whole (measured, 5 shapes).
constexpr int64_t kBlocks = 8, kMinBlockRows = 64, kBlockStep = 16;
constexpr double kTiles = 16;

int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

int32_t TileRowsOf(const DenseLayer& layer, double share) {
  const double tiles = std::max(1.0, std::round(kTiles * share));
  const auto rows = static_cast<int64_t>(std::ceil(layer.inputs / tiles));
  // The register tile of a gradient is 6 rows high; that of one output a vector.
  return static_cast<int32_t>(RoundUp(rows, layer.outputs > 1 ? 6 : ops::kLanes));
}

// Merging and updating a row of a table costs about what 16 multiply-adds of a product cost, per
// dimension.
constexpr int64_t kRowCost = 16;

// Where all rows of a table move, one whose update is a larger share of the phase is cut by rows
// (one of 500,000 rows: 1.7 times the speed on two threads). Where only those of the batch do, rows
// go from the cache of one core to that of another and the look at every code is paid twice: cut by
// a hash of the code, the step of one table of 4,000,000 rows took 1.27 times as long on two
// threads, 1.03 on one.
constexpr int32_t kMaxParts = 8;

void AddTables(const Network& network, int64_t batch_size, bool lazy_rows,
               std::vector<OutputTask>& tasks) {
  const auto cost_of = [&](const EmbeddingTable& table) {
    return kRowCost * table.dimension * (batch_size + (lazy_rows ? 0 : table.vocabulary));
  };
  int64_t all = 0;
  for (const OutputTask& task : tasks) all += task.cost;
  for (const EmbeddingTable& table : network.embeddings()) all += cost_of(table);
  for (const EmbeddingTable& table : network.embeddings()) {
    const int64_t cost = cost_of(table), rows = table.vocabulary;
    int64_t parts = 1;
    while (!lazy_rows && parts < kMaxParts && cost / parts > all / kMaxParts) parts *= 2;
    for (int64_t part = 0; part < parts; ++part) {
      const auto begin = static_cast<int32_t>(rows * part / parts);
      const auto end = static_cast<int32_t>(rows * (part + 1) / parts);
      if (begin == end) continue;
      tasks.push_back({OutputTask::Kind::kTable, table.slot, begin, end, cost / parts});
    }
  }
}

}  // namespace

StepPlan MakeStepPlan(const Network& network, const gates::WeightFold* fold, int64_t batch_size,
                      bool lazy_rows) {
  StepPlan plan;
  plan.block_rows =
      std::max(kMinBlockRows, RoundUp((batch_size + kBlocks - 1) / kBlocks, kBlockStep));
  int64_t all_weights = 0;
  for (const DenseLayer& layer : network.layers()) all_weights += layer.weight_count();
  for (int32_t l = 0; l < static_cast<int32_t>(network.layers().size()); ++l) {
    const DenseLayer& layer = network.layers()[l];
    int32_t tile = TileRowsOf(
        layer, static_cast<double>(layer.weight_count()) / static_cast<double>(all_weights));
    if (fold != nullptr && fold->layer == l) tile = gates::TileRows(*fold, tile);
    plan.tile_rows.push_back(tile);
    for (int32_t begin = 0; begin < layer.inputs; begin += tile) {
      const int32_t end = std::min(begin + tile, layer.inputs);
      const int64_t elements = static_cast<int64_t>(end - begin) * layer.outputs;
      plan.max_tile_elements = std::max(plan.max_tile_elements, elements);
      plan.outputs.push_back({OutputTask::Kind::kWeights, l, begin, end, elements * batch_size});
    }
    plan.outputs.push_back({OutputTask::Kind::kBias, l, 0, layer.outputs,
                            static_cast<int64_t>(layer.outputs) * batch_size});
  }
  AddTables(network, batch_size, lazy_rows, plan.outputs);
  std::stable_sort(plan.outputs.begin(), plan.outputs.end(),
                   [](const OutputTask& a, const OutputTask& b) { return a.cost > b.cost; });
  return plan;
}

}  // namespace winnow::nn
