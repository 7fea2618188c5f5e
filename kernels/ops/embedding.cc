#include "kernels/ops/embedding.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace winnow::ops {
namespace {

// Rows ahead that are asked for: measured 1.6 to 3.6 times the speed of no prefetch at 10^5 to 10^7
// rows of 8 to 32 dimensions.
constexpr int64_t kAhead = 32;
constexpr int64_t kLineFloats = 16;
// Lines of a row that are asked for; the hardware follows from there.
constexpr int64_t kMaxLines = 4;

// `Dim` floats a row, or `dim` where Dim is 0. Rows of a known size are copied without a call.
template <int64_t Dim>
void Gather(int64_t rows, const int32_t* codes, int64_t code_stride, const float* table,
            int64_t dim, float* x, int64_t ldx) {
  if constexpr (Dim > 0) dim = Dim;
  const int64_t asked = std::min(dim, kMaxLines * kLineFloats);
  const auto copy = [=](int64_t i) {
    std::memcpy(x + i * ldx, table + codes[i * code_stride] * dim,
                static_cast<size_t>(dim) * sizeof(float));
  };
  int64_t i = 0;
  for (; i < rows - kAhead; ++i) {
    const float* row = table + codes[(i + kAhead) * code_stride] * dim;
    for (int64_t d = 0; d < asked; d += kLineFloats) __builtin_prefetch(row + d);
    copy(i);
  }
  for (; i < rows; ++i) copy(i);
}

// See MergeEmbeddingRows.
struct Merge {
  const int32_t* codes;
  int64_t code_stride;
  const float* dx;
  int64_t ldx, dim;
  int32_t *slots, *distinct;
  float* sums;

  // Rows row_of(i), i in [0, rows), ascending.
  template <typename RowOf>
  int64_t Run(int64_t rows, const RowOf& row_of) const {
    const auto code_of = [&](int64_t i) { return codes[row_of(i) * code_stride]; };
    int32_t count = 0;
    for (int64_t i = 0; i < rows; ++i) {
      if (i + kAhead < rows) __builtin_prefetch(slots + code_of(i + kAhead), 1);
      const int32_t code = code_of(i);
      const float* source = dx + row_of(i) * ldx;
      int32_t& slot = slots[code];
      if (slot < 0) {
        slot = count++;
        distinct[slot] = code;
        std::memcpy(sums + slot * dim, source, static_cast<size_t>(dim) * sizeof(float));
      } else {
        float* sum = sums + slot * dim;
        for (int64_t d = 0; d < dim; ++d) sum[d] += source[d];
      }
    }
    for (int32_t slot = 0; slot < count; ++slot) slots[distinct[slot]] = -1;
    return count;
  }
};

}  // namespace

void GatherEmbedding(int64_t rows, const int32_t* codes, int64_t code_stride, const float* table,
                     int64_t dim, float* x, int64_t ldx) {
  switch (dim) {
    case 4:
      return Gather<4>(rows, codes, code_stride, table, dim, x, ldx);
    case 8:
      return Gather<8>(rows, codes, code_stride, table, dim, x, ldx);
    case 16:
      return Gather<16>(rows, codes, code_stride, table, dim, x, ldx);
    case 32:
      return Gather<32>(rows, codes, code_stride, table, dim, x, ldx);
    case 64:
      return Gather<64>(rows, codes, code_stride, table, dim, x, ldx);
    default:
      return Gather<0>(rows, codes, code_stride, table, dim, x, ldx);
  }
}

int64_t MergeEmbeddingRows(int64_t rows, const int32_t* codes, int64_t code_stride, const float* dx,
                           int64_t ldx, int64_t dim, int32_t* slots, int32_t* distinct, float* sums,
                           CodeRange range) {
  const Merge merge = {codes, code_stride, dx, ldx, dim, slots, distinct, sums};
  if (range == CodeRange{}) return merge.Run(rows, [](int64_t i) { return i; });
  // The range's rows stand where the distinct codes, which are no more, are going to.
  int64_t count = 0;
  for (int64_t i = 0; i < rows; ++i) {
    distinct[count] = static_cast<int32_t>(i);
    count += range.contains(codes[i * code_stride]) ? 1 : 0;
  }
  return merge.Run(count, [distinct](int64_t i) { return int64_t{distinct[i]}; });
}

}  // namespace winnow::ops
