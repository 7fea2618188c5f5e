// Embedding look-up and the gradient of a table.
//
//   E [vocabulary x dim], code_i in [0, vocabulary)
//   gather   x_i = E[code_i]
//   merge    for every code that occurs: d_code = sum over its rows, in row order, of dx_i
// The merge finds equal codes by a slot map, without sorting; distinct codes come in the order of
// their first row. Cost O(rows x dim), whatever the vocabulary. A table may be merged in parts:
// each looks at all rows and takes those of its codes, so that a code's sum is the same in any
// part.
#ifndef WINNOW_KERNELS_OPS_EMBEDDING_H_
#define WINNOW_KERNELS_OPS_EMBEDDING_H_

#include <cstdint>
#include <limits>

namespace winnow::ops {

// Codes [begin, end) of a table.
struct CodeRange {
  int32_t begin = 0, end = std::numeric_limits<int32_t>::max();

  bool operator==(const CodeRange&) const = default;
  bool contains(int32_t code) const { return begin <= code && code < end; }
};

// Code of row i at codes[i * code_stride]; x_i at x + i * ldx.
void GatherEmbedding(int64_t rows, const int32_t* codes, int64_t code_stride, const float* table,
                     int64_t dim, float* x, int64_t ldx);

// Writes the distinct codes of the range to `distinct` [rows] and their sums to `sums` [rows x
// dim]; returns how many there are. REQUIRES and ENSURES: slots[c] = -1 for every code c.
int64_t MergeEmbeddingRows(int64_t rows, const int32_t* codes, int64_t code_stride, const float* dx,
                           int64_t ldx, int64_t dim, int32_t* slots, int32_t* distinct, float* sums,
                           CodeRange range = {});

namespace ref {
void GatherEmbedding(int64_t rows, const int32_t* codes, int64_t code_stride, const float* table,
                     int64_t dim, float* x, int64_t ldx);
// The whole gradient [vocabulary x dim]: the sum over rows in order.
void EmbeddingGradient(int64_t rows, const int32_t* codes, int64_t code_stride, const float* dx,
                       int64_t ldx, int64_t vocabulary, int64_t dim, float* gradient);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_EMBEDDING_H_
