#include "kernels/ops/embedding.h"

namespace winnow::ops::ref {

void GatherEmbedding(int64_t rows, const int32_t* codes, int64_t code_stride, const float* table,
                     int64_t dim, float* x, int64_t ldx) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < dim; ++d) x[i * ldx + d] = table[codes[i * code_stride] * dim + d];
  }
}

void EmbeddingGradient(int64_t rows, const int32_t* codes, int64_t code_stride, const float* dx,
                       int64_t ldx, int64_t vocabulary, int64_t dim, float* gradient) {
  for (int64_t e = 0; e < vocabulary * dim; ++e) gradient[e] = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < dim; ++d) {
      gradient[codes[i * code_stride] * dim + d] += dx[i * ldx + d];
    }
  }
}

}  // namespace winnow::ops::ref
