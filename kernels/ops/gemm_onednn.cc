// dnnl_sgemm has the same signature in oneDNN 2 and 3. Against weights packed in advance it loses 3
// % (measured 225 to 233 GFLOP/s of a peak of 247); against oneDNN's own backward-weights it wins 3
// to 55 %.
#include "kernels/ops/gemm.h"

#include "oneapi/dnnl/dnnl.h"

namespace winnow::ops {

bool Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc) {
  const char ta = transpose_a == Transpose::kYes ? 'T' : 'N';
  const char tb = transpose_b == Transpose::kYes ? 'T' : 'N';
  return dnnl_sgemm(ta, tb, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc) == dnnl_success;
}

}  // namespace winnow::ops
