// Area under the curve of a metric against the number of selected candidates:
//
//   AUKC = 1 / (k_n - k_1)  sum_i (k_{i+1} - k_i) (m_i + m_{i+1}) / 2
// over the sizes k_1 < ... < k_n of the curve (trapezoids). It judges an order over all sizes where
// a metric judges one size, and has the metric's own unit: the mean of the metric over sizes drawn
// evenly from k_1 to k_n. Two selectors compare on the same sizes only.
#ifndef WINNOW_KERNELS_TRAIN_AUKC_H_
#define WINNOW_KERNELS_TRAIN_AUKC_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/base/selection.h"

namespace winnow::train {

// By part ("validation", "test") and metric; no value where a size has none. Empty for fewer than
// two sizes. REQUIRES: sizes ascend.
std::map<std::string, std::map<std::string, std::optional<double>>> AreaUnderCurve(
    const std::vector<CurvePoint>& curve);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_AUKC_H_
