// Batch normalisation of the columns of X [B x n] (Ioffe & Szegedy 2015, arXiv:1502.03167, Alg. 1).
//
//   mu_j = mean_i x_ij      s_j = mean_i (x_ij - mu_j)^2      r_j = 1 / sqrt(s_j + epsilon)
//   forward    xhat_ij = (x_ij - mu_j) r_j;   y_ij = gamma_j xhat_ij + beta_j
//   backward   dbeta_j = sum_i dy_ij;         dgamma_j = sum_i dy_ij xhat_ij
//              dx_ij = gamma_j r_j (dy_ij - dbeta_j / B - xhat_ij dgamma_j / B)
//
// The statistics are over the whole batch and couple all its rows, so a step that is cut into row
// blocks meets twice: every block writes its Moments, one thread merges them in block order, then
// the blocks go on; the same with the Sums of the backward pass. Moments are the mean and the sum
// of squares about that mean (Chan, Golub & LeVeque 1983), so a large mean costs no digits of the
// variance. The bytes depend on the cut into blocks, never on threads. Cost O(B n), two passes over
// a block each way.
#ifndef WINNOW_KERNELS_OPS_BATCH_NORM_H_
#define WINNOW_KERNELS_OPS_BATCH_NORM_H_

#include <cstdint>

namespace winnow::ops {

// Of one block of rows: mean[j] and square[j] = sum_i (x_ij - mean_j)^2, both [n].
// REQUIRES: rows >= 1.
void BatchNormMoments(int64_t rows, int64_t n, const float* x, int64_t ldx, float* mean,
                      float* square);

// Merges `blocks` moments, block b of block_rows[b] rows at means + b * n and squares + b * n, in
// this order. Writes mu [n] and r [n].
void BatchNormMerge(int64_t blocks, int64_t n, const int64_t* block_rows, const float* means,
                    const float* squares, float epsilon, float* mu, float* r);

// y_ij of a block of rows. y may be x.
void BatchNormForward(int64_t rows, int64_t n, const float* x, int64_t ldx, const float* mu,
                      const float* r, const float* gamma, const float* beta, float* y, int64_t ldy);

// Of one block of rows: dbeta[j], dgamma[j]; rows are added in order. The batch's are the sums over
// blocks in block order.
void BatchNormSums(int64_t rows, int64_t n, const float* x, int64_t ldx, const float* mu,
                   const float* r, const float* dy, int64_t ldy, float* dbeta, float* dgamma);

// dx_ij of a block of rows of a batch of `batch` rows, dbeta and dgamma of the whole batch. dx may
// be dy.
void BatchNormBackward(int64_t rows, int64_t n, int64_t batch, const float* x, int64_t ldx,
                       const float* mu, const float* r, const float* gamma, const float* dbeta,
                       const float* dgamma, const float* dy, int64_t ldy, float* dx,
                       int64_t ldx_out);

namespace ref {
// A whole batch, as the formulas stand: X, dY [B x n] without gaps, all in double.
void BatchNormForward(int64_t batch, int64_t n, const double* x, const double* gamma,
                      const double* beta, double epsilon, double* y);
void BatchNormBackward(int64_t batch, int64_t n, const double* x, const double* gamma,
                       double epsilon, const double* dy, double* dx, double* dgamma, double* dbeta);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_BATCH_NORM_H_
