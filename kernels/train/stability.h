// How alike the selections of several repeats are.
//
// M sets S_1 .. S_M of d candidates; p_f = share of the sets that hold candidate f; k = mean size.
//   Jaccard    mean over the M (M - 1) / 2 pairs of |S_a & S_b| / |S_a | S_b|; two empty sets: 1
//   Kuncheva   for sets of one size k, mean over pairs of (r d - k^2) / (k (d - k)), r = |S_a &
//   S_b|
//              (Kuncheva 2007, "A stability index for feature selection", eq. 4): 1 = always the
//              same set, 0 = as alike as random sets, negative = less. Computed as
//                1 - M / (M - 1)  sum_f p_f (1 - p_f)  /  ( k (1 - k / d) )
//              (Nogueira, Sechidis & Brown 2018, JMLR 18(174), eq. 7), which equals that mean for
//              sets of one size (their theorem 2) and is defined for sets of several sizes, as a
//              budget of bytes gives. Where nothing can differ (all sets are empty, or all hold
//              every candidate) it is 1.
#ifndef WINNOW_KERNELS_TRAIN_STABILITY_H_
#define WINNOW_KERNELS_TRAIN_STABILITY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace winnow::train {

struct Stability {
  std::vector<int32_t> times;      // per candidate: number of sets that hold it
  std::optional<double> jaccard;   // none for fewer than two sets
  std::optional<double> kuncheva;  // none for fewer than two sets
};

// REQUIRES: every set holds distinct indices in [0, num_candidates).
Stability MeasureStability(std::span<const std::vector<int32_t>> sets, int64_t num_candidates);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STABILITY_H_
