// Expected calibration error with bins of equal weight.
//
//   ECE = sum_b (W_b / W) | mean prediction in b - mean outcome in b |
// Guo et al. 2017, arXiv:1706.04599, eq. 3, with the adaptive bins of Nguyen & O'Connor 2015,
// arXiv:1508.05154: rows are ordered by their prediction and cut into 15 bins of equal weight,
// because click rates crowd near 0 and bins of equal width would put nearly all of them into one.
// Rows of one prediction are never divided: a tie group belongs to the bin in which its first row
// falls.
#ifndef WINNOW_KERNELS_TRAIN_CALIBRATION_H_
#define WINNOW_KERNELS_TRAIN_CALIBRATION_H_

#include <cstdint>
#include <optional>
#include <span>

namespace winnow::train {

inline constexpr int kCalibrationBins = 15;

// `order` sorts the rows by `prediction`, a probability; outcome is 0 or 1. Undefined without
// weight. O(n).
std::optional<double> CalibrationError(std::span<const uint32_t> order,
                                       std::span<const float> prediction,
                                       std::span<const float> outcome,
                                       std::span<const double> weight);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_CALIBRATION_H_
