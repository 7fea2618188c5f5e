#include "kernels/nn/layer_latency.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "kernels/base/aligned_buffer.h"
#include "kernels/base/status.h"
#include "kernels/gates/block_engine.h"
#include "kernels/ops/packed_matrix.h"

namespace winnow::nn {
namespace {

constexpr int kTurns = 20;
// Rows of one call, as the engine cuts a batch.
constexpr int64_t kBlockRows = 64;

template <typename Run>
double Microseconds(const Run& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

absl::StatusOr<LayerLatency> MeasureLayer(const gates::WeightFold& fold,
                                          std::span<const float> mask, const float* weights,
                                          int64_t rows) {
  const int64_t ldx = ops::PaddedStride(fold.rows), ldz = ops::PaddedStride(fold.columns);
  ASSIGN_OR_RETURN(ops::PackedMatrix dense, ops::PackedMatrix::Create(fold.rows, fold.columns));
  dense.PackRows(0, fold.rows, weights, fold.columns);
  ASSIGN_OR_RETURN(std::optional<gates::BlockEngine> engine, gates::BlockEngine::Create(fold));
  const bool is_sparse = engine && engine->Begin(mask, /*dropped_gradient=*/false);
  for (int32_t p = 0; is_sparse && p < engine->grid_rows(); ++p) engine->PackRow(p, weights);
  ASSIGN_OR_RETURN(AlignedBuffer<float> x, AlignedBuffer<float>::Create(rows * ldx));
  ASSIGN_OR_RETURN(AlignedBuffer<float> z, AlignedBuffer<float>::Create(rows * ldz));
  // Ordinary numbers: arithmetic on them takes the time that it takes in a model.
  for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17) / 16.0f - 0.5f;

  const auto multiply = [&](bool sparse) {
    for (int64_t i = 0; i < rows; i += kBlockRows) {
      const int64_t count = std::min(kBlockRows, rows - i);
      if (sparse) {
        engine->blocks().Forward(count, &x[i * ldx], ldx, &z[i * ldz], ldz);
      } else {
        dense.Multiply(count, &x[i * ldx], ldx, &z[i * ldz], ldz, {});
      }
    }
  };
  LayerLatency latency;
  latency.rows = rows;
  for (int turn = 0; turn < kTurns; ++turn) {
    const double all = Microseconds([&] { multiply(false); });
    const double kept = is_sparse ? Microseconds([&] { multiply(true); }) : all;
    latency.dense_us = turn == 0 ? all : std::min(latency.dense_us, all);
    latency.pruned_us = turn == 0 ? kept : std::min(latency.pruned_us, kept);
  }
  return latency;
}

}  // namespace winnow::nn
