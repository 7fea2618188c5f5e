#include "kernels/gates/mask_gradient.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/simd.h"

namespace winnow::gates {
namespace {

using ops::kLanes;
using ops::Lanes;

// Four of the 16 lanes.
typedef float Quarter __attribute__((vector_size(16)));

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

// Adds W G of one row of `width` columns: whole vectors to `lanes`, the others to `rest`.
inline void AddRow(int32_t width, const float* w, const float* g, Lanes& lanes, float& rest) {
  const int32_t whole = width / kLanes * kLanes;
  for (int32_t j = 0; j < whole; j += kLanes) lanes += ops::Load(w + j) * ops::Load(g + j);
  for (int32_t j = whole; j < width; ++j) rest += w[j] * g[j];
}

// sum over `rows` rows and `width` columns of W G, both with row stride ld.
inline float ProductSum(int32_t rows, int32_t width, int64_t ld, const float* weights,
                        const float* gradient) {
  Lanes lanes = {};
  float rest = 0;
  for (int32_t r = 0; r < rows; ++r)
    AddRow(width, weights + r * ld, gradient + r * ld, lanes, rest);
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

// out[i] = SumLanes(lanes[i]), by the same tree, on the four at once.
inline void SumFourLanes(const Lanes (&lanes)[4], float* out) {
  Quarter q[4];
  for (int i = 0; i < 4; ++i) {
    Quarter part[4];
    std::memcpy(part, &lanes[i], sizeof(part));
    q[i] = (part[0] + part[2]) + (part[1] + part[3]);
  }
  const Quarter low01 = __builtin_shufflevector(q[0], q[1], 0, 4, 1, 5);
  const Quarter low23 = __builtin_shufflevector(q[2], q[3], 0, 4, 1, 5);
  const Quarter high01 = __builtin_shufflevector(q[0], q[1], 2, 6, 3, 7);
  const Quarter high23 = __builtin_shufflevector(q[2], q[3], 2, 6, 3, 7);
  // Columns of the 4 x 4 matrix q.
  const Quarter column0 = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  const Quarter column1 = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  const Quarter column2 = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  const Quarter column3 = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
  const Quarter sum = (column0 + column2) + (column1 + column3);
  std::memcpy(out, &sum, sizeof(sum));
}

// sums[r] of `rows` runs of one row each. Taking the sum of lanes costs as much as a row of 64
// products, so four rows share it.
WINNOW_MULTIVERSION
void SingleRowSums(int32_t rows, int32_t columns, const float* weights, const float* gradient,
                   float* sums) {
  int32_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    Lanes lanes[4] = {};
    float rest[4] = {};
    for (int i = 0; i < 4; ++i) {
      const int64_t at = static_cast<int64_t>(r + i) * columns;
      AddRow(columns, weights + at, gradient + at, lanes[i], rest[i]);
    }
    SumFourLanes(lanes, sums + r);
    for (int i = 0; i < 4; ++i) sums[r + i] += rest[i];
  }
  for (; r < rows; ++r) {
    const int64_t at = static_cast<int64_t>(r) * columns;
    sums[r] = ProductSum(1, columns, columns, weights + at, gradient + at);
  }
}

}  // namespace

MaskGradient::MaskGradient(const WeightFold& fold, int32_t tile_rows)
    : tile_rows_(tile_rows),
      columns_(fold.columns),
      column_block_(fold.column_block),
      blocks_(fold.column_blocks()) {
  for (int32_t begin = 0; begin < fold.rows; begin += tile_rows) {
    first_.push_back(static_cast<int32_t>(runs_.size()));
    const int32_t end = std::min(begin + tile_rows, fold.rows);
    for (int32_t row = begin, next; row < end; row = next) {
      next = RunEnd(fold, row, end);
      if (fold.row_base[row] < 0) continue;
      runs_.push_back({row, next - row, fold.row_base[row],
                       fold.row_second.empty() ? -1 : fold.row_second[row]});
    }
    // From the tile's last run to its first.
    for (auto i = static_cast<int32_t>(runs_.size()) - 1; i >= first_.back(); --i) {
      Run& run = runs_[i];
      if (run.rows != 1 || run.second >= 0 || blocks_ != 1) continue;
      const bool goes_on = i + 1 < static_cast<int32_t>(runs_.size()) &&
                           runs_[i + 1].row == run.row + 1 && runs_[i + 1].base == run.base + 1;
      run.singles = 1 + (goes_on ? runs_[i + 1].singles : 0);
    }
  }
  first_.push_back(static_cast<int32_t>(runs_.size()));
}

void MaskGradient::SumTile(int32_t begin, const float* weights, const float* gradient,
                           float* sums) const {
  const int32_t tile = begin / tile_rows_;
  for (int32_t i = first_[tile]; i < first_[tile + 1];) {
    const Run& run = runs_[i];
    const float* w = weights + static_cast<int64_t>(run.row) * columns_;
    const float* g = gradient + static_cast<int64_t>(run.row - begin) * columns_;
    float* out = sums + static_cast<int64_t>(i) * blocks_;
    if (run.singles > 0) {
      SingleRowSums(run.singles, columns_, w, g, out);
      i += run.singles;
    } else {
      BlockSums(run.rows, columns_, column_block_, w, g, out);
      ++i;
    }
  }
}

void MaskGradient::AddTo(const float* sums, std::span<const float> mask,
                         std::span<double> total) const {
  for (size_t i = 0; i < runs_.size();) {
    const Run& run = runs_[i];
    if (run.singles > 0) {
      for (int32_t k = 0; k < run.singles; ++k) total[run.base + k] += sums[k];
      sums += run.singles;
      i += static_cast<size_t>(run.singles);
      continue;
    }
    if (run.second >= 0) {
      total[run.base] += static_cast<double>(mask[run.second]) * *sums;
      total[run.second] += static_cast<double>(mask[run.base]) * *sums;
    } else {
      for (int32_t b = 0; b < blocks_; ++b) total[run.base + b] += sums[b];
    }
    sums += blocks_;
    ++i;
  }
}

}  // namespace winnow::gates
