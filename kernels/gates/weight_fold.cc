#include "kernels/gates/weight_fold.h"

#include <algorithm>
#include <cmath>

#include "kernels/ops/simd.h"

namespace winnow::gates {
namespace {

// Rows whose multipliers are handed to the optimizer at a time.
constexpr int32_t kRowsAtOnce = 64;

// Blocks taller than this are cut by tiles.
constexpr int32_t kMaxWholeBlockRows = 128;

// out[j] = multiplier(j / column_block) * w[j]
WINNOW_MULTIVERSION
void MultiplyRow(int32_t columns, int32_t column_block, const float* __restrict multipliers,
                 const float* __restrict w, float* __restrict out) {
  for (int32_t begin = 0; begin < columns; begin += column_block) {
    const int32_t end = std::min(begin + column_block, columns);
    const float a = *multipliers++;
    for (int32_t j = begin; j < end; ++j) out[j] = a * w[j];
  }
}

// g[j] = scale g[j] + decay w[j]
WINNOW_MULTIVERSION
void AddRidge(int32_t columns, float scale, float decay, const float* __restrict w,
              float* __restrict g) {
  for (int32_t j = 0; j < columns; ++j) g[j] = scale * g[j] + decay * w[j];
}

// Rows that share their multiplier: out = mask[base[r]] w, 1 for base -1.
WINNOW_MULTIVERSION
void MultiplyRows(int32_t rows, int32_t columns, const int32_t* __restrict base,
                  const float* __restrict mask, const float* __restrict w, float* __restrict out) {
  for (int32_t r = 0; r < rows; ++r) {
    const float a = base[r] < 0 ? 1.0f : mask[base[r]];
    for (int32_t j = 0; j < columns; ++j) out[j] = a * w[j];
    w += columns;
    out += columns;
  }
}

void ExpandMultipliers(const WeightFold& fold, const float* multipliers, float* out) {
  for (int32_t begin = 0; begin < fold.columns; begin += fold.column_block) {
    std::fill(out + begin, out + std::min(begin + fold.column_block, fold.columns), *multipliers++);
  }
}

// Parameters from `at` on.
LayerParameters From(const LayerParameters& layer, int64_t at) {
  return {layer.weights + at, layer.m == nullptr ? nullptr : layer.m + at,
          layer.v == nullptr ? nullptr : layer.v + at};
}

// UpdateRows for a mask that depends on the row alone.
void UpdateWholeRows(const WeightFold& fold, std::span<const float> mask,
                     std::span<const float> ridge, int32_t begin, int32_t end,
                     const ops::OptimizerStep& step, float* gradient,
                     const LayerParameters& layer) {
  // Live rows are updated together: rows of few columns cost as much by their ends as by the rest.
  float scales[kRowsAtOnce];
  int32_t live = begin;  // first row of the live ones before `row`
  const auto update_live = [&](int32_t row) {
    if (row == live) return;
    const int64_t at = static_cast<int64_t>(live) * fold.columns;
    const LayerParameters from = From(layer, at);
    ops::OptimizerUpdateByRow(step, row - live, fold.columns, scales,
                              gradient + static_cast<int64_t>(live - begin) * fold.columns,
                              from.weights, from.m, from.v);
    live = row;
  };
  for (int32_t row = begin; row < end; ++row) {
    const float scale = fold.row_multiplier(mask, row);
    if (scale == 0.0f) {
      update_live(row);
      live = row + 1;
      continue;
    }
    if (row - live == kRowsAtOnce) update_live(row);
    scales[row - live] = scale;
    const int32_t base = fold.row_base[row];
    if (base < 0 || ridge.empty() || ridge[base] == 0.0f) continue;
    AddRidge(fold.columns, scale, ridge[base],
             layer.weights + static_cast<int64_t>(row) * fold.columns,
             gradient + static_cast<int64_t>(row - begin) * fold.columns);
    scales[row - live] = 1.0f;
  }
  update_live(end);
}

// UpdateRows for a mask that depends on row and column.
void UpdateBlockRows(const WeightFold& fold, std::span<const float> mask, int32_t begin,
                     int32_t end, const ops::OptimizerStep& step, float* gradient,
                     const LayerParameters& layer, float* scratch) {
  int32_t expanded = -1;  // row_base whose multipliers stand in scratch
  for (int32_t row = begin; row < end; ++row) {
    const LayerParameters from = From(layer, static_cast<int64_t>(row) * fold.columns);
    const float* g = gradient + static_cast<int64_t>(row - begin) * fold.columns;
    const int32_t base = fold.row_base[row];
    if (base < 0) {
      ops::OptimizerUpdate(step, fold.columns, 1.0f, g, from.weights, from.m, from.v);
      continue;
    }
    if (base != expanded) ExpandMultipliers(fold, &mask[base], scratch);
    expanded = base;
    ops::OptimizerUpdateScaled(step, fold.columns, scratch, g, from.weights, from.m, from.v);
  }
}

}  // namespace

int32_t TileRows(const WeightFold& fold, int32_t wanted) {
  if (fold.kind != GateKind::kBlock) return wanted;
  int32_t block_rows = 1;
  while (block_rows < fold.rows && fold.row_base[block_rows] == fold.row_base[0]) ++block_rows;
  if (block_rows > kMaxWholeBlockRows) return wanted;
  return std::max(1, (wanted + block_rows / 2) / block_rows) * block_rows;
}

void FoldRows(const WeightFold& fold, std::span<const float> mask, int32_t begin, int32_t end,
              const float* weights, float* folded) {
  if (fold.is_by_row() && fold.row_second.empty()) {
    const int64_t at = static_cast<int64_t>(begin) * fold.columns;
    return MultiplyRows(end - begin, fold.columns, fold.row_base.data() + begin, mask.data(),
                        weights + at, folded + at);
  }
  for (int32_t row = begin; row < end; ++row) {
    const int64_t at = static_cast<int64_t>(row) * fold.columns;
    const int32_t base = fold.row_base[row];
    if (base < 0) {
      std::copy_n(weights + at, fold.columns, folded + at);
    } else if (!fold.row_second.empty()) {
      const float multiplier = fold.row_multiplier(mask, row);
      MultiplyRow(fold.columns, fold.columns, &multiplier, weights + at, folded + at);
    } else {
      MultiplyRow(fold.columns, fold.column_block, &mask[base], weights + at, folded + at);
    }
  }
}

void UpdateRows(const WeightFold& fold, std::span<const float> mask, std::span<const float> ridge,
                int32_t begin, int32_t end, const ops::OptimizerStep& step, float* gradient,
                float* weights, float* m, float* v, float* scratch) {
  if (fold.is_by_row()) {
    UpdateWholeRows(fold, mask, ridge, begin, end, step, gradient, {weights, m, v});
  } else {
    UpdateBlockRows(fold, mask, begin, end, step, gradient, {weights, m, v}, scratch);
  }
}

void RegionNorms(const WeightFold& fold, const float* weights, std::span<const float> row_scale,
                 std::span<float> out) {
  std::vector<double> squares(static_cast<size_t>(fold.num_candidates), 0.0);
  for (int32_t row = 0; row < fold.rows; ++row) {
    const int32_t base = fold.row_base[row];
    if (base < 0) continue;
    const double scale = row_scale.empty() ? 1.0 : row_scale[row];
    const float* w = weights + static_cast<int64_t>(row) * fold.columns;
    for (int32_t j = 0; j < fold.columns; ++j) {
      squares[base + j / fold.column_block] += (scale * w[j]) * (scale * w[j]);
    }
    const int32_t second = fold.row_second.empty() ? -1 : fold.row_second[row];
    if (second < 0 || second == base) continue;
    for (int32_t j = 0; j < fold.columns; ++j) {
      squares[second] += (scale * w[j]) * (scale * w[j]);
    }
  }
  for (size_t c = 0; c < squares.size(); ++c) out[c] = static_cast<float>(std::sqrt(squares[c]));
}

}  // namespace winnow::gates
