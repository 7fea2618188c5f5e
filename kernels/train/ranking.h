// Areas under the ROC curve.
//
//   AUC = P(score of a positive > score of a negative) + P(equal) / 2
//       = sum over tie groups t of  pos_t (neg_below_t + neg_t / 2)  /  (P N)
// with weighted counts pos_t, neg_t of the rows that share one score (Hanley & McNeil 1982,
// Radiology 143, the Mann-Whitney form). Exact for ties. The order of the scores is computed once;
// every re-weighting costs O(n).
//
//   GAUC = sum_g W_g AUC_g / sum_g W_g   over the groups g that hold both classes, W_g = weight of
//   g's rows
// (Zhou et al. 2018, "Deep interest network", arXiv:1706.06978, section 5.3).
#ifndef WINNOW_KERNELS_TRAIN_RANKING_H_
#define WINNOW_KERNELS_TRAIN_RANKING_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace winnow::train {

// Row indices by ascending score, equal scores by index. REQUIRES: no NaN, fewer than 2^32 rows.
std::vector<uint32_t> OrderByScore(std::span<const float> score);

// Row indices by ascending group, then score, then index.
std::vector<uint32_t> OrderByGroupAndScore(std::span<const int32_t> group,
                                           std::span<const float> score);

// `order` is OrderByScore(score); label is 0 or 1; weight >= 0. Undefined when a class has no
// weight.
std::optional<double> Auc(std::span<const uint32_t> order, std::span<const float> score,
                          std::span<const float> label, std::span<const double> weight);

// `order` is OrderByGroupAndScore(group, score). Undefined when no group holds both classes.
std::optional<double> GroupedAuc(std::span<const uint32_t> order, std::span<const int32_t> group,
                                 std::span<const float> score, std::span<const float> label,
                                 std::span<const double> weight);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_RANKING_H_
