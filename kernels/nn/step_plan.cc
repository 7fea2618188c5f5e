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

}  // namespace

StepPlan MakeStepPlan(const Network& network, const gates::WeightFold* fold, int64_t batch_size) {
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
  // Merging and updating a row costs about what 16 multiply-adds of a product cost, per dimension.
  for (const EmbeddingTable& table : network.embeddings()) {
    plan.outputs.push_back({OutputTask::Kind::kTable, table.slot, 0, table.dimension,
                            16 * batch_size * table.dimension});
  }
  std::stable_sort(plan.outputs.begin(), plan.outputs.end(),
                   [](const OutputTask& a, const OutputTask& b) { return a.cost > b.cost; });
  return plan;
}

}  // namespace winnow::nn
