#include "kernels/ops/packed_matrix.h"

#include <algorithm>
#include <cstddef>

#include "kernels/base/status.h"
#include "kernels/ops/dense_narrow.h"
#include "kernels/ops/dense_select.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// Inner indices of a block: eight rows of A and a panel, 16 + 96 KiB, stay in the second-level
// cache (measured: 128 to 256 cost up to 4 %).
constexpr int64_t kInnerBlock = 512;

// Rows of the transpose that are packed at a time.
constexpr int64_t kTransposeRows = 16;

// `count` floats of every row to rows `width` apart, row r times scales[r]. The last vector of a
// row overlaps the one before.
WINNOW_MULTIVERSION
void CopyRows(int64_t rows, int64_t count, const float* from, int64_t ldb, const float* scales,
              float* to, int64_t width) {
  for (int64_t r = 0; r < rows; ++r) {
    const float scale = scales == nullptr ? 1.0f : scales[r];
    if (count < kLanes) {
      for (int64_t j = 0; j < count; ++j) to[j] = scale * from[j];
    } else {
      for (int64_t j = 0; j + kLanes <= count; j += kLanes) Store(to + j) = scale * Load(from + j);
      const int64_t last = count - kLanes;
      if (count % kLanes != 0) Store(to + last) = scale * Load(from + last);
    }
    from += ldb;
    to += width;
  }
}

}  // namespace

absl::StatusOr<PackedMatrix> PackedMatrix::Create(int64_t inner, int64_t columns, Isa isa) {
  PackedMatrix matrix;
  matrix.inner_ = inner;
  matrix.columns_ = columns;
  matrix.padded_ = columns == 1 ? 1 : RoundUpToLanes(columns);
  matrix.kernels_ = &DenseKernelsOf(isa);
  ASSIGN_OR_RETURN(matrix.data_, AlignedBuffer<float>::Create(inner * matrix.padded_));
  return matrix;
}

float* PackedMatrix::at(int64_t k, int64_t column) {
  const int64_t block = k / kInnerBlock * kInnerBlock;
  const int64_t depth = std::min(kInnerBlock, inner_ - block);
  const int64_t panel = column / kPanelColumns * kPanelColumns;
  const int64_t width = std::min(kPanelColumns, padded_ - panel);
  return data_.data() + block * padded_ + panel * depth + (k - block) * width + (column - panel);
}

void PackedMatrix::PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb,
                            const float* scales) {
  for (int64_t first = begin; first < end;) {
    // Neighbours within one block.
    const int64_t last = std::min(end, (first / kInnerBlock + 1) * kInnerBlock);
    for (int64_t panel = 0; panel < columns_; panel += kPanelColumns) {
      CopyRows(last - first, std::min(kPanelColumns, columns_ - panel),
               b + (first - begin) * ldb + panel, ldb,
               scales == nullptr ? nullptr : scales + (first - begin), at(first, panel),
               std::min(kPanelColumns, padded_ - panel));
    }
    first = last;
  }
}

void PackedMatrix::PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb,
                               const float* scales) {
  for (int64_t first = begin; first < end;) {
    // Neighbours within one panel.
    const int64_t panel_end = (first / kPanelColumns + 1) * kPanelColumns;
    const int64_t last = std::min({first + kTransposeRows, panel_end, end});
    const float* rows = bt + (first - begin) * ldb;
    float scale[kTransposeRows];
    for (int64_t c = first; c < last; ++c) {
      scale[c - first] = scales == nullptr ? 1.0f : scales[c - begin];
    }
    const int64_t width = std::min(kPanelColumns, padded_ - first / kPanelColumns * kPanelColumns);
    for (int64_t block = 0; block < inner_; block += kInnerBlock) {
      const int64_t depth = std::min(kInnerBlock, inner_ - block);
      float* to = at(block, first);
      const float* from = rows + block;
      for (int64_t k = 0; k < depth; ++k) {
        for (int64_t c = 0; c < last - first; ++c) to[k * width + c] = scale[c] * from[c * ldb + k];
      }
    }
    first = last;
  }
}

void PackedMatrix::MultiplyColumn(int64_t rows, const float* a, int64_t lda, float* c, int64_t ldc,
                                  const ProductEnd& end) const {
  DotForward(rows, inner_, a, lda, data_.data(), c, ldc);
  for (int64_t i = 0; i < rows; ++i) {
    float& value = c[i * ldc];
    if (end.bias != nullptr) value += end.bias[0];
    if (end.relu && value <= 0.0f) value = 0.0f;
    if (end.active != nullptr) {
      value = end.active[i * end.active_stride] > 0.0f ? end.scale * value : 0.0f;
    }
  }
}

void PackedMatrix::Multiply(int64_t rows, const float* a, int64_t lda, float* c, int64_t ldc,
                            const ProductEnd& end) const {
  if (columns_ == 1) return MultiplyColumn(rows, a, lda, c, ldc, end);
  PanelProduct p;
  p.rows = rows;
  p.lda = lda;
  p.ldc = ldc;
  for (int64_t block = 0; block < inner_; block += kInnerBlock) {
    p.inner = std::min(kInnerBlock, inner_ - block);
    p.a = a + block;
    p.accumulate = block > 0;
    const bool is_last = block + p.inner == inner_;
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
      kernels_->product(p);
    }
  }
}

}  // namespace winnow::ops
