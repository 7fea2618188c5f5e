// Matrix product C = op(A) op(B), row-major, single-threaded: the one door to oneDNN.
#ifndef WINNOW_KERNELS_OPS_GEMM_H_
#define WINNOW_KERNELS_OPS_GEMM_H_

#include <cstdint>

namespace winnow::ops {

enum class Transpose { kNo, kYes };

// op(A) is [m x k], op(B) [k x n], C [m x n]; strides in floats. False: no memory.
// REQUIRES: UseOneThread() was called on this thread.
[[nodiscard]] bool Gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
                        int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
                        float* c, int64_t ldc);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_GEMM_H_
