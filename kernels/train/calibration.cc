#include "kernels/train/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace winnow::train {

std::optional<double> CalibrationError(std::span<const uint32_t> order,
                                       std::span<const float> prediction,
                                       std::span<const float> outcome,
                                       std::span<const double> weight) {
  double total = 0;
  for (const uint32_t row : order) total += weight[row];
  if (total <= 0) return std::nullopt;

  std::array<double, kCalibrationBins> gap{};  // weighted prediction minus weighted outcome
  double before = 0;                           // weight of the rows already placed
  size_t begin = 0;
  while (begin < order.size()) {
    const float tied = prediction[order[begin]];
    double tie_weight = 0, tie_gap = 0;
    size_t end = begin;
    for (; end < order.size() && prediction[order[end]] == tied; ++end) {
      const uint32_t row = order[end];
      tie_weight += weight[row];
      tie_gap += weight[row] * (static_cast<double>(tied) - static_cast<double>(outcome[row]));
    }
    const int bin = static_cast<int>(before / total * kCalibrationBins);
    gap[std::min(bin, kCalibrationBins - 1)] += tie_gap;
    before += tie_weight;
    begin = end;
  }
  double error = 0;
  for (const double bin : gap) error += std::abs(bin);
  return error / total;
}

}  // namespace winnow::train
