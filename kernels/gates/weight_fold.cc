#include "kernels/gates/weight_fold.h"

#include <algorithm>
#include <cmath>

#include "kernels/ops/simd.h"

namespace winnow::gates {
namespace {

using ops::kLanes;
using ops::Lanes;

// Blocks taller than this are cut by tiles.
constexpr int32_t kMaxWholeBlockRows = 128;

// Rows of the run that starts at `row`: those before `end` with the same candidates.
int32_t RunEnd(const WeightFold& fold, int32_t row, int32_t end) {
  const auto same = [&](int32_t other) {
    return fold.row_base[other] == fold.row_base[row] &&
           (fold.row_second.empty() || fold.row_second[other] == fold.row_second[row]);
  };
  int32_t next = row + 1;
  while (next < end && same(next)) ++next;
  return next;
}

// sum over `rows` rows and `width` columns of W G, both with row stride ld.
inline float ProductSum(int32_t rows, int32_t width, int64_t ld, const float* weights,
                        const float* gradient) {
  const int32_t whole = width / kLanes * kLanes;
  Lanes lanes = {};
  float rest = 0;
  for (int32_t r = 0; r < rows; ++r) {
    const float* w = weights + r * ld;
    const float* g = gradient + r * ld;
    for (int32_t j = 0; j < whole; j += kLanes) lanes += ops::Load(w + j) * ops::Load(g + j);
    for (int32_t j = whole; j < width; ++j) rest += w[j] * g[j];
  }
  return ops::SumLanes(lanes) + rest;
}

WINNOW_MULTIVERSION
void BlockSums(int32_t rows, int32_t columns, int32_t column_block, const float* weights,
               const float* gradient, float* sums) {
  for (int32_t begin = 0; begin < columns; begin += column_block) {
    const int32_t width = std::min(column_block, columns - begin);
    *sums++ = ProductSum(rows, width, columns, weights + begin, gradient + begin);
  }
}

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
void ScaleRow(int32_t columns, float scale, float decay, const float* __restrict w,
              float* __restrict g) {
  if (decay == 0.0f) {
    for (int32_t j = 0; j < columns; ++j) g[j] = scale * g[j];
  } else {
    for (int32_t j = 0; j < columns; ++j) g[j] = scale * g[j] + decay * w[j];
  }
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
  if (fold.column_block >= fold.columns && fold.row_second.empty()) {
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
  // Live rows are updated together: rows of few columns cost as much by their ends as by the rest.
  int32_t live = begin;  // first row of the live ones before `row`
  const auto update_live = [&](int32_t row) {
    const int64_t at = static_cast<int64_t>(live) * fold.columns;
    const int64_t count = static_cast<int64_t>(row - live) * fold.columns;
    ops::OptimizerUpdate(step, count, 1.0f,
                         gradient + static_cast<int64_t>(live - begin) * fold.columns, weights + at,
                         m == nullptr ? nullptr : m + at, v == nullptr ? nullptr : v + at);
    live = row;
  };
  if (fold.column_block >= fold.columns) {
    for (int32_t row = begin; row < end; ++row) {
      const float scale = fold.row_multiplier(mask, row);
      if (scale == 0.0f) {
        update_live(row);
        live = row + 1;
        continue;
      }
      const int32_t base = fold.row_base[row];
      const float decay = base >= 0 && !ridge.empty() ? ridge[base] : 0.0f;
      float* g = gradient + static_cast<int64_t>(row - begin) * fold.columns;
      ScaleRow(fold.columns, scale, decay, weights + static_cast<int64_t>(row) * fold.columns, g);
    }
    return update_live(end);
  }
  int32_t expanded = -1;  // row_base whose multipliers stand in scratch
  for (int32_t row = begin; row < end; ++row) {
    const int32_t base = fold.row_base[row];
    if (base < 0) continue;  // stays live
    update_live(row);
    live = row + 1;
    if (base != expanded) ExpandMultipliers(fold, &mask[base], scratch);
    expanded = base;
    const int64_t at = static_cast<int64_t>(row) * fold.columns;
    ops::OptimizerUpdateScaled(
        step, fold.columns, scratch, gradient + static_cast<int64_t>(row - begin) * fold.columns,
        weights + at, m == nullptr ? nullptr : m + at, v == nullptr ? nullptr : v + at);
  }
  update_live(end);
}

void RunSums(const WeightFold& fold, int32_t begin, int32_t end, const float* weights,
             const float* gradient, float* sums) {
  for (int32_t row = begin; row < end;) {
    const int32_t next = RunEnd(fold, row, end);
    if (fold.row_base[row] >= 0) {
      BlockSums(next - row, fold.columns, fold.column_block,
                weights + static_cast<int64_t>(row) * fold.columns,
                gradient + static_cast<int64_t>(row - begin) * fold.columns,
                sums + static_cast<int64_t>(row) * fold.column_blocks());
    }
    row = next;
  }
}

MaskGradient::MaskGradient(const WeightFold& fold, int32_t tile_rows) : fold_(&fold) {
  for (int32_t begin = 0; begin < fold.rows; begin += tile_rows) {
    const int32_t end = std::min(begin + tile_rows, fold.rows);
    for (int32_t row = begin; row < end; row = RunEnd(fold, row, end)) {
      if (fold.row_base[row] >= 0) run_rows_.push_back(row);
    }
  }
}

void MaskGradient::AddTo(const float* sums, std::span<const float> mask,
                         std::span<double> total) const {
  const int32_t blocks = fold_->column_blocks();
  for (const int32_t row : run_rows_) {
    const float* run = sums + static_cast<int64_t>(row) * blocks;
    const int32_t base = fold_->row_base[row];
    const int32_t second = fold_->row_second.empty() ? -1 : fold_->row_second[row];
    if (second >= 0) {
      total[base] += static_cast<double>(mask[second]) * run[0];
      total[second] += static_cast<double>(mask[base]) * run[0];
      continue;
    }
    for (int32_t b = 0; b < blocks; ++b) total[base + b] += run[b];
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
