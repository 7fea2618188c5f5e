#include "kernels/train/stability.h"

#include <cstddef>

namespace winnow::train {
namespace {

// `is_in` holds candidate flags of one set.
int64_t CountCommon(const std::vector<bool>& is_in, const std::vector<int32_t>& other) {
  int64_t common = 0;
  for (const int32_t index : other) common += is_in[static_cast<size_t>(index)] ? 1 : 0;
  return common;
}

double MeanJaccard(std::span<const std::vector<int32_t>> sets, int64_t num_candidates) {
  double sum = 0, pairs = 0;
  for (size_t a = 0; a < sets.size(); ++a) {
    std::vector<bool> is_in(static_cast<size_t>(num_candidates), false);
    for (const int32_t index : sets[a]) is_in[static_cast<size_t>(index)] = true;
    for (size_t b = a + 1; b < sets.size(); ++b) {
      const int64_t common = CountCommon(is_in, sets[b]);
      const auto all = static_cast<int64_t>(sets[a].size() + sets[b].size()) - common;
      sum += all == 0 ? 1.0 : static_cast<double>(common) / static_cast<double>(all);
      pairs += 1;
    }
  }
  return sum / pairs;
}

double Kuncheva(const std::vector<int32_t>& times, double sets) {
  const auto d = static_cast<double>(times.size());
  double total = 0, variance = 0;
  for (const int32_t count : times) {
    total += count;
    variance += count * (sets - count);  // integers: exact
  }
  const double k = total / sets;
  const double by_chance = k * (1 - k / d);
  if (total == 0 || total == sets * d) return 1.0;
  return 1.0 - variance / (sets * (sets - 1)) / by_chance;
}

}  // namespace

Stability MeasureStability(std::span<const std::vector<int32_t>> sets, int64_t num_candidates) {
  Stability stability;
  stability.times.resize(static_cast<size_t>(num_candidates));
  for (const std::vector<int32_t>& set : sets) {
    for (const int32_t index : set) ++stability.times[static_cast<size_t>(index)];
  }
  if (sets.size() < 2) return stability;
  stability.jaccard = MeanJaccard(sets, num_candidates);
  stability.kuncheva = Kuncheva(stability.times, static_cast<double>(sets.size()));
  return stability;
}

}  // namespace winnow::train
