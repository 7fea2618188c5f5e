#include "kernels/train/ranking.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace winnow::train {
namespace {

// Weighted totals of one pass over rows in ascending score.
struct Area {
  double positives = 0, negatives = 0;
  double won = 0;  // weighted pairs in the right order; equal scores count one half

  std::optional<double> value() const {
    if (positives <= 0 || negatives <= 0) return std::nullopt;
    return won / (positives * negatives);
  }
};

Area AreaOf(std::span<const uint32_t> order, std::span<const float> score,
            std::span<const float> label, std::span<const double> weight) {
  Area area;
  size_t begin = 0;
  while (begin < order.size()) {
    const float tied = score[order[begin]];
    double pos = 0, neg = 0;
    size_t end = begin;
    for (; end < order.size() && score[order[end]] == tied; ++end) {
      const uint32_t row = order[end];
      (label[row] > 0.5f ? pos : neg) += weight[row];
    }
    area.won += pos * (area.negatives + 0.5 * neg);
    area.positives += pos;
    area.negatives += neg;
    begin = end;
  }
  return area;
}

}  // namespace

std::vector<uint32_t> OrderByScore(std::span<const float> score) {
  std::vector<uint32_t> order(score.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return score[a] != score[b] ? score[a] < score[b] : a < b;
  });
  return order;
}

std::vector<uint32_t> OrderByGroupAndScore(std::span<const int32_t> group,
                                           std::span<const float> score) {
  std::vector<uint32_t> order(score.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (group[a] != group[b]) return group[a] < group[b];
    return score[a] != score[b] ? score[a] < score[b] : a < b;
  });
  return order;
}

std::optional<double> Auc(std::span<const uint32_t> order, std::span<const float> score,
                          std::span<const float> label, std::span<const double> weight) {
  return AreaOf(order, score, label, weight).value();
}

std::optional<double> GroupedAuc(std::span<const uint32_t> order, std::span<const int32_t> group,
                                 std::span<const float> score, std::span<const float> label,
                                 std::span<const double> weight) {
  double weighted = 0, total = 0;
  size_t begin = 0;
  while (begin < order.size()) {
    size_t end = begin;
    while (end < order.size() && group[order[end]] == group[order[begin]]) ++end;
    const Area area = AreaOf(order.subspan(begin, end - begin), score, label, weight);
    if (const std::optional<double> auc = area.value()) {
      const double size = area.positives + area.negatives;
      weighted += size * *auc;
      total += size;
    }
    begin = end;
  }
  if (total <= 0) return std::nullopt;
  return weighted / total;
}

}  // namespace winnow::train
