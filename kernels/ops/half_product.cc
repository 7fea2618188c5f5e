#include "kernels/ops/half_product.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/status.h"
#include "kernels/ops/half_avx512_bf16.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// Pairs of a block of the inner index: the bytes of PackedMatrix's 512 floats.
constexpr int64_t kBlockPairs = 512;

const uint32_t* Words(const Half* halves) { return reinterpret_cast<const uint32_t*>(halves); }

}  // namespace

absl::StatusOr<PackedHalfMatrix> PackedHalfMatrix::Create(int64_t inner, int64_t columns) {
  PackedHalfMatrix matrix;
  matrix.pairs_ = (inner + 1) / 2;
  matrix.inner_ = inner;
  matrix.columns_ = columns;
  matrix.padded_ = RoundUpToLanes(columns);
  ASSIGN_OR_RETURN(matrix.data_, AlignedBuffer<uint32_t>::Create(matrix.pairs_ * matrix.padded_));
  return matrix;
}

uint32_t* PackedHalfMatrix::at(int64_t pair, int64_t column) {
  const int64_t block = pair / kBlockPairs * kBlockPairs;
  const int64_t depth = std::min(kBlockPairs, pairs_ - block);
  const int64_t panel = column / kPanelColumns * kPanelColumns;
  const int64_t width = std::min(kPanelColumns, padded_ - panel);
  return data_.data() + block * padded_ + panel * depth + (pair - block) * width + (column - panel);
}

void PackedHalfMatrix::PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb,
                                const float* scales) {
  const auto scale = [=](int64_t k) { return scales == nullptr ? 1.0f : scales[k - begin]; };
  for (int64_t k = begin; k < end;) {
    const float* row = b + (k - begin) * ldb;
    const bool has_odd = k + 1 < end;
    const bool whole = k % 2 == 0 && (has_odd || k + 1 == inner_);
    for (int64_t panel = 0; panel < columns_; panel += kPanelColumns) {
      const int64_t count = std::min(kPanelColumns, columns_ - panel);
      uint32_t* words = at(k / 2, panel);
      if (whole) {
        RoundPair(count, row + panel, has_odd ? row + ldb + panel : nullptr, words, scale(k),
                  has_odd ? scale(k + 1) : 0.0f);
        continue;
      }
      // Half a pair: the other one may be packed by another thread.
      auto* halves = reinterpret_cast<Half*>(words) + k % 2;
      for (int64_t j = 0; j < count; ++j) halves[2 * j] = ToHalf(scale(k) * row[panel + j]);
    }
    k += whole ? 2 : 1;
  }
}

void PackedHalfMatrix::PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb,
                                   const float* scales) {
  for (int64_t column = begin; column < end; ++column) {
    const float* row = bt + (column - begin) * ldb;
    const float scale = scales == nullptr ? 1.0f : scales[column - begin];
    const int64_t width = std::min(kPanelColumns, padded_ - column / kPanelColumns * kPanelColumns);
    for (int64_t block = 0; block < pairs_; block += kBlockPairs) {
      uint32_t* words = at(block, column);
      const int64_t last = std::min(block + kBlockPairs, inner_ / 2);
      for (int64_t pair = block; pair < last; ++pair, words += width) {
        *words = ToHalf(scale * row[2 * pair]) |
                 static_cast<uint32_t>(ToHalf(scale * row[2 * pair + 1])) << 16;
      }
      if (last < std::min(block + kBlockPairs, pairs_)) *words = ToHalf(scale * row[inner_ - 1]);
    }
  }
}

void PackedHalfMatrix::Multiply(int64_t rows, const Half* a, int64_t lda, float* c, int64_t ldc,
                                const ProductEnd& end) const {
  HalfPanelProduct p;
  p.rows = rows;
  p.lda = lda / 2;
  p.ldc = ldc;
  for (int64_t block = 0; block < pairs_; block += kBlockPairs) {
    p.inner = std::min(kBlockPairs, pairs_ - block);
    p.a = Words(a) + block;
    p.accumulate = block > 0;
    const bool is_last = block + p.inner == pairs_;
    for (int64_t panel = 0; panel < columns_; panel += kPanelColumns) {
      p.columns = std::min(kPanelColumns, columns_ - panel);
      p.panel = data_.data() + block * padded_ + panel * p.inner;
      p.c = c + panel;
      if (is_last) {
        p.bias = end.bias == nullptr ? nullptr : end.bias + panel;
        p.relu = end.relu;
        p.active = end.active == nullptr ? nullptr : end.active + panel;
        p.active_stride = end.active_stride;
        p.scale = end.scale;
      }
#if defined(__x86_64__)
      avx512_bf16::RunPanelProduct(p);
#endif
    }
  }
}

void HalfWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const Half* x, int64_t ldx,
                        const Half* dz, int64_t ldz, float* g) {
  HalfGradientProduct p;
  p.pairs = (rows + 1) / 2;
  p.inputs = inputs;
  p.outputs = outputs;
  p.x = Words(x);
  p.ldx = ldx;
  p.dz = Words(dz);
  p.ldz = ldz;
  p.g = g;
  p.ldg = outputs;
#if defined(__x86_64__)
  avx512_bf16::RunGradientProduct(p);
#endif
}

}  // namespace winnow::ops
