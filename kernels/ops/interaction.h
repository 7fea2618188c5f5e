// Dot interaction of DLRM: all pairwise dot products of the vectors of a row (Naumov et al. 2019,
// arXiv:1906.00091, sec. 2.1.3), without the squares.
//
//   v_0 .. v_{n-1}   the vectors of a row, d values each; v_f at v + row * ldv + f * stride
//   p_ij = <v_i, v_j>  for i > j, i(i-1)/2 + j-th of the row's n(n-1)/2 products
//   dv_i = sum over j != i of dp_ij v_j            dp_ij = dp_ji; j in order
//   n < 2: no products, dv = 0 (plus `direct`)
// Sums run over the dimensions in order in blocks of kLanes, then over the blocks: the same bytes
// from every instruction set and for any cut of rows. Cost O(n^2 d) multiply-adds a row, and as
// many again twice over backward; at n = 27, d = 16, batch 2048 about 1 % of a step with 512-256-1
// layers above.
#ifndef WINNOW_KERNELS_OPS_INTERACTION_H_
#define WINNOW_KERNELS_OPS_INTERACTION_H_

#include <cstdint>

namespace winnow::ops {

// Products of n vectors.
inline constexpr int64_t PairCount(int64_t n) { return n * (n - 1) / 2; }

// REQUIRES of both: stride is a multiple of kLanes and >= d. What stands between d and stride is
// read by nothing; in dv it is undefined afterwards.

void InteractionForward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                        int64_t stride, float* p, int64_t ldp);

// dv has the layout of v. `direct` [rows x d], row stride ldp: what v_0 has as gradient besides,
// added before the sum; null: nothing.
void InteractionBackward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                         int64_t stride, const float* dp, const float* direct, int64_t ldp,
                         float* dv);

namespace ref {
// p [rows x PairCount(n)] and dv [rows x n x d] are dense; without `direct`.
void InteractionForward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                        int64_t stride, double* p);
void InteractionBackward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                         int64_t stride, const float* dp, int64_t ldp, double* dv);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_INTERACTION_H_
