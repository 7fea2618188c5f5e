#include "kernels/gates/block_engine.h"

#include <algorithm>
#include <utility>

#include "kernels/base/status.h"
#include "kernels/ops/simd.h"

namespace winnow::gates {
namespace {

using ops::kLanes;
using ops::Lanes;

ops::BlockShape ShapeOf(const BlockGrid& grid) {
  return {grid.rows, grid.columns, grid.block_rows, grid.block_columns};
}

// sum over rows and columns of W G, in the lane order of ops.
WINNOW_MULTIVERSION
float ProductSum(int32_t rows, int32_t width, const float* w, int64_t ldw, const float* g,
                 int64_t ldg) {
  const int32_t whole = width / kLanes * kLanes;
  Lanes lanes = {};
  float rest = 0;
  for (int32_t r = 0; r < rows; ++r, w += ldw, g += ldg) {
    for (int32_t j = 0; j < whole; j += kLanes) lanes += ops::Load(w + j) * ops::Load(g + j);
    for (int32_t j = whole; j < width; ++j) rest += w[j] * g[j];
  }
  return ops::SumLanes(lanes) + rest;
}

bool SameZeros(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return (x == 0.0f) == (y == 0.0f); });
}

}  // namespace

double SparseWork(const BlockGrid& grid, int64_t kept, bool half) {
  const double forward =
      static_cast<double>(grid.block_rows) * ops::RoundUpToLanes(grid.block_columns);
  const double backward = grid.layer == 0 ? 0.0
                                          : static_cast<double>(grid.block_columns) *
                                                ops::RoundUpToLanes(grid.block_rows);
  const double slower = half ? 2.0 : 1.0;
  return slower * static_cast<double>(kept) * std::max(forward, backward) /
         (static_cast<double>(grid.rows) * grid.columns);
}

bool IsSparse(const BlockGrid& grid, std::span<const float> mask, bool half) {
  const auto kept = static_cast<int64_t>(mask.size()) - std::count(mask.begin(), mask.end(), 0.0f);
  return !mask.empty() && SparseWork(grid, kept, half) <= 1.0 - grid.sparse_saving;
}

BlockEngine::BlockEngine(const WeightFold& fold, bool half, ops::BlockSparseWeights blocks)
    : grid_(fold.grid),
      half_(half),
      blocks_(std::move(blocks)),
      sums_(static_cast<size_t>(fold.num_candidates)) {
  mask_.reserve(static_cast<size_t>(fold.num_candidates));
}

absl::StatusOr<std::optional<BlockEngine>> BlockEngine::Create(const WeightFold& fold, bool half) {
  if (fold.kind != GateKind::kBlock || fold.grid.sparse_saving >= 1.0 ||
      !ops::IsBlockSparseShape(ShapeOf(fold.grid))) {
    return std::optional<BlockEngine>();
  }
  ASSIGN_OR_RETURN(ops::BlockSparseWeights blocks,
                   ops::BlockSparseWeights::Create(ShapeOf(fold.grid)));
  return std::optional<BlockEngine>(BlockEngine(fold, half, std::move(blocks)));
}

bool BlockEngine::Begin(std::span<const float> mask, bool dropped_gradient) {
  const bool was_sparse = is_sparse_;
  is_sparse_ = !dropped_gradient && IsSparse(grid_, mask, half_);
  is_still_ = false;
  if (!is_sparse_) return false;
  is_still_ = was_sparse && std::equal(mask_.begin(), mask_.end(), mask.begin(), mask.end());
  if (is_still_) return true;
  is_current_ = false;
  if (!SameZeros(mask_, mask)) blocks_.SetPattern(mask);
  mask_.assign(mask.begin(), mask.end());
  return true;
}

void BlockEngine::UpdateRows(int32_t begin, int32_t end, const ops::OptimizerStep& step,
                             int64_t rows, const float* x, int64_t ldx, const float* dz,
                             int64_t ldz, const LayerParameters& layer, bool sum, float* scratch) {
  const int32_t stride = blocks_.gradient_stride();
  for (int32_t first = begin; first < end; first += grid_.block_rows) {
    const int32_t p = first / grid_.block_rows;
    const int32_t height = std::min(grid_.block_rows, grid_.rows - first);
    blocks_.WeightGradient(p, rows, x, ldx, dz, ldz, scratch);
    const float* g = scratch;
    for (const int32_t q : blocks_.kept_in_row(p)) {
      const int32_t column = q * grid_.block_columns;
      const int32_t width = std::min(grid_.block_columns, grid_.columns - column);
      const int64_t at = static_cast<int64_t>(first) * grid_.columns + column;
      const auto c = static_cast<size_t>(p) * grid_.grid_columns() + q;
      if (sum) sums_[c] = ProductSum(height, width, layer.weights + at, grid_.columns, g, stride);
      for (int32_t r = 0; r < height; ++r) {
        const int64_t place = at + static_cast<int64_t>(r) * grid_.columns;
        ops::OptimizerUpdate(step, width, mask_[c], g + r * stride, layer.weights + place,
                             layer.m == nullptr ? nullptr : layer.m + place,
                             layer.v == nullptr ? nullptr : layer.v + place);
      }
      g += static_cast<int64_t>(grid_.block_rows) * stride;
    }
    if (is_still_) PackRow(p, layer.weights);
  }
}

void BlockEngine::ReduceGradient(std::span<float> gradient) const {
  for (size_t c = 0; c < gradient.size(); ++c) gradient[c] = mask_[c] == 0.0f ? 0.0f : sums_[c];
}

}  // namespace winnow::gates
