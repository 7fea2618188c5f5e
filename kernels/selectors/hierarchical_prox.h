// The hierarchical proximal operator of LassoNet.
//
// Lemhadri, Ruan, Abraham & Tibshirani, "LassoNet: A Neural Network with Feature Sparsity", JMLR 22
// (2021), algorithm 2 (HIER-PROX), and its form for several skip weights of a feature:
//   argmin over b, w of  |v - b|^2 / 2 + ||u - w||^2 / 2 + lambda |b|   with  |w_j| <= M |b|
// b, v: the skip weights of a candidate, |.| their Euclidean norm; w, u: its K hidden weights.
// The solution: sort |u|; with s of the w_j on the bound,
//   |b| = max(0, |v| - lambda + M sum of the s largest |u|) / (1 + s M^2)
// for the one s whose |b| is consistent with which w_j are on the bound; b = |b| v / |v|,
// w_j = sign(u_j) min(M |b|, |u_j|).
#ifndef WINNOW_KERNELS_SELECTORS_HIERARCHICAL_PROX_H_
#define WINNOW_KERNELS_SELECTORS_HIERARCHICAL_PROX_H_

#include <cstdint>
#include <vector>

namespace winnow::selectors {

// The weights of one candidate: `count` pieces of `length` neighbouring floats, `stride` apart.
struct WeightPieces {
  float* data = nullptr;
  int64_t count = 0, stride = 0, length = 0;
};

// Replaces v (skip) and u (hidden) by b and w. With v = 0, b takes the direction of the first skip
// weight, as any direction is a solution. `scratch` is overwritten. O(K log K).
// REQUIRES: lambda >= 0, hierarchy (M) > 0.
void HierarchicalProx(double lambda, double hierarchy, const WeightPieces& skip,
                      const WeightPieces& hidden, std::vector<float>& scratch);

// The least lambda at which the operator sets b and w to 0: |v| + M ||u||_1.
double LeavingPenalty(double hierarchy, const WeightPieces& skip, const WeightPieces& hidden);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_HIERARCHICAL_PROX_H_
