#include "kernels/train/block_metrics.h"

#include <cmath>
#include <cstddef>
#include <numeric>

#include "kernels/train/ranking.h"

namespace winnow::train {
namespace {

// Sum over blocks of counts times sums.
double Dot(std::span<const uint8_t> counts, const std::vector<double>& sums) {
  double total = 0;
  for (size_t b = 0; b < sums.size(); ++b) total += counts[b] * sums[b];
  return total;
}

std::optional<double> Ratio(double sum, double weight) {
  if (weight <= 0) return std::nullopt;
  return sum / weight;
}

}  // namespace

BlockMetrics::BlockMetrics(const MetricTable& table, int32_t blocks)
    : table_(table), rows_(*table.rows_), blocks_(blocks) {
  for (const MetricKind kind : table_.kinds_) {
    sums_.push_back(table_.Has(kind) ? SumsOf(kind) : Sums());
  }
}

double BlockMetrics::Weight(size_t row) const {
  return rows_.weight.empty() ? 1.0 : static_cast<double>(rows_.weight[row]);
}

template <typename Value>
void BlockMetrics::Add(Sums& sums, Value value) const {
  std::vector<double>& sum = sums.emplace_back(static_cast<size_t>(blocks_), 0.0);
  const auto n = static_cast<size_t>(rows_.rows());
  for (size_t row = 0, block = 0; row < n; ++row) {
    sum[block] += Weight(row) * value(row);
    if (++block == sum.size()) block = 0;
  }
}

BlockMetrics::Sums BlockMetrics::SumsOf(MetricKind kind) {
  Sums sums;
  const auto mean_of = [&](const std::vector<float>& values) {
    Add(sums, [&](size_t row) { return static_cast<double>(values[row]); });
    Add(sums, [](size_t) { return 1.0; });
    return sums;
  };
  switch (kind) {
    case MetricKind::kLogLoss:
    case MetricKind::kRmse:
      return mean_of(table_.loss_);
    case MetricKind::kAccuracy:
      return mean_of(table_.right_);
    case MetricKind::kMae:
      return mean_of(table_.absolute_error_);
    case MetricKind::kNormalizedEntropy:
      return EntropySums();
    case MetricKind::kR2:
      return R2Sums();
    case MetricKind::kAuc:
      return AucSums();
    case MetricKind::kGauc:
      PlaceGroups();
      break;
    case MetricKind::kCalibrationError:
      break;
  }
  return sums;
}

BlockMetrics::Sums BlockMetrics::EntropySums() const {
  std::vector<double> share;
  double total = 0;
  for (size_t row = 0; row < rows_.label.size(); ++row) {
    const auto label = static_cast<size_t>(rows_.label[row]);
    if (label >= share.size()) share.resize(label + 1, 0.0);
    share[label] += Weight(row);
    total += Weight(row);
  }
  for (double& s : share) s = s > 0 ? -std::log(s / total) : 0.0;
  Sums sums;
  Add(sums, [&](size_t row) { return static_cast<double>(table_.loss_[row]); });
  Add(sums, [&](size_t row) { return share[static_cast<size_t>(rows_.label[row])]; });
  return sums;
}

BlockMetrics::Sums BlockMetrics::R2Sums() const {
  double total = 0, mean = 0;
  for (size_t row = 0; row < rows_.label.size(); ++row) {
    total += Weight(row);
    mean += Weight(row) * static_cast<double>(rows_.label[row]);
  }
  if (total > 0) mean /= total;
  const auto centred = [&](size_t row) { return static_cast<double>(rows_.label[row]) - mean; };
  Sums sums;
  Add(sums, [&](size_t row) { return static_cast<double>(table_.loss_[row]); });
  Add(sums, [&](size_t row) { return centred(row) * centred(row); });
  Add(sums, centred);
  Add(sums, [](size_t) { return 1.0; });
  return sums;
}

// Placements: of every row the share of the other class that it beats, or that beats it.
BlockMetrics::Sums BlockMetrics::AucSums() {
  const std::vector<uint32_t>& order = table_.by_score_;
  const auto positive = [&](size_t row) { return rows_.label[row] > 0.5f; };
  double positives = 0, negatives = 0;
  for (const uint32_t row : order) (positive(row) ? positives : negatives) += Weight(row);
  if (positives <= 0 || negatives <= 0) return {};
  std::vector<float> placement(order.size());
  double below = 0, beaten = 0;  // weight of negatives, of positives, of lower score
  double area = 0;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double pos = 0, neg = 0;
    for (end = begin; end < order.size() && rows_.score[order[end]] == rows_.score[order[begin]];
         ++end) {
      (positive(order[end]) ? pos : neg) += Weight(order[end]);
    }
    const double wins = (below + neg / 2) / negatives;
    const double losses = (positives - beaten - pos / 2) / positives;
    for (size_t i = begin; i < end; ++i) {
      placement[order[i]] = static_cast<float>(positive(order[i]) ? wins : losses);
    }
    area += pos * wins;
    below += neg;
    beaten += pos;
  }
  auc_ = area / positives;
  Sums sums;
  Add(sums, [&](size_t row) { return positive(row) ? double{placement[row]} : 0.0; });
  Add(sums, [&](size_t row) { return positive(row) ? 1.0 : 0.0; });
  Add(sums, [&](size_t row) { return positive(row) ? 0.0 : double{placement[row]}; });
  Add(sums, [&](size_t row) { return positive(row) ? 0.0 : 1.0; });
  return sums;
}

void BlockMetrics::PlaceGroups() {
  const std::vector<uint32_t>& from = table_.by_group_;
  grouped_.order.resize(from.size());
  std::iota(grouped_.order.begin(), grouped_.order.end(), 0u);
  for (const uint32_t row : from) {
    grouped_.group.push_back(rows_.group[row]);
    grouped_.score.push_back(rows_.score[row]);
    grouped_.label.push_back(rows_.label[row]);
    grouped_.weight.push_back(Weight(row));
    grouped_.block.push_back(static_cast<int32_t>(row % static_cast<uint32_t>(blocks_)));
  }
}

std::optional<double> BlockMetrics::Gauc(std::span<const uint8_t> counts) const {
  std::vector<double> weight(grouped_.weight.size());
  for (size_t i = 0; i < weight.size(); ++i) {
    weight[i] = grouped_.weight[i] * counts[grouped_.block[i]];
  }
  return GroupedAuc(grouped_.order, grouped_.group, grouped_.score, grouped_.label, weight);
}

std::optional<double> BlockMetrics::ValueOf(size_t metric, std::span<const uint8_t> counts) const {
  const MetricKind kind = table_.kinds_[metric];
  if (kind == MetricKind::kGauc) return Gauc(counts);
  const Sums& sums = sums_[metric];
  if (sums.empty()) return std::nullopt;
  const auto sum = [&](size_t i) { return Dot(counts, sums[i]); };
  switch (kind) {
    case MetricKind::kRmse: {
      const std::optional<double> mean = Ratio(sum(0), sum(1));
      if (!mean) return std::nullopt;
      return std::sqrt(*mean);
    }
    case MetricKind::kR2: {
      const double weight = sum(3), shift = sum(2);
      if (weight <= 0) return std::nullopt;
      const std::optional<double> share = Ratio(sum(0), sum(1) - shift * shift / weight);
      if (!share) return std::nullopt;
      return 1.0 - *share;
    }
    case MetricKind::kAuc: {
      const std::optional<double> wins = Ratio(sum(0), sum(1)), losses = Ratio(sum(2), sum(3));
      if (!wins || !losses) return std::nullopt;
      return *wins + *losses - auc_;
    }
    default:
      return Ratio(sum(0), sum(1));
  }
}

std::vector<std::optional<double>> BlockMetrics::Evaluate(std::span<const uint8_t> counts) const {
  std::vector<std::optional<double>> values;
  for (size_t metric = 0; metric < sums_.size(); ++metric) {
    std::optional<double> value = ValueOf(metric, counts);
    if (value && !std::isfinite(*value)) value.reset();
    values.push_back(value);
  }
  return values;
}

}  // namespace winnow::train
