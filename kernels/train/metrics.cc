#include "kernels/train/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/base/status.h"
#include "kernels/train/calibration.h"
#include "kernels/train/ranking.h"

namespace winnow::train {
namespace {

struct NamedMetric {
  const char* name;
  MetricKind kind;
  bool classification, regression, multiclass;  // targets for which it exists
};

constexpr std::array<NamedMetric, 9> kMetrics = {{
    {"auc", MetricKind::kAuc, true, false, false},
    {"gauc", MetricKind::kGauc, true, false, false},
    {"log_loss", MetricKind::kLogLoss, true, false, true},
    {"normalized_entropy", MetricKind::kNormalizedEntropy, true, false, true},
    {"calibration_error", MetricKind::kCalibrationError, true, false, true},
    {"accuracy", MetricKind::kAccuracy, true, false, true},
    {"rmse", MetricKind::kRmse, false, true, false},
    {"mae", MetricKind::kMae, false, true, false},
    {"r2", MetricKind::kR2, false, true, false},
}};

bool Exists(MetricKind kind, TargetKind target) {
  const NamedMetric& metric = kMetrics[static_cast<size_t>(kind)];
  switch (target) {
    case TargetKind::kBinary:
      return metric.classification;
    case TargetKind::kMulticlass:
      return metric.multiclass;
    case TargetKind::kRegression:
      return metric.regression;
  }
  return false;
}

// -log sigmoid(logit) for label 1, -log(1 - sigmoid(logit)) for label 0, without overflow.
double LogisticLoss(double logit, double label) {
  return std::max(logit, 0.0) - logit * label + std::log1p(std::exp(-std::abs(logit)));
}

double Sigmoid(double logit) {
  const double e = std::exp(-std::abs(logit));
  return logit >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

std::optional<double> WeightedMean(std::span<const float> value, std::span<const double> weight) {
  double sum = 0, total = 0;
  for (size_t row = 0; row < value.size(); ++row) {
    sum += weight[row] * static_cast<double>(value[row]);
    total += weight[row];
  }
  if (total <= 0) return std::nullopt;
  return sum / total;
}

}  // namespace

absl::StatusOr<MetricKind> MetricKindFromName(const std::string& name) {
  std::vector<std::string> known;
  for (const NamedMetric& metric : kMetrics) {
    if (metric.name == name) return metric.kind;
    known.push_back(metric.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown metric '", name, "', known: ", absl::StrJoin(known, ", ")));
}

absl::StatusOr<MetricTable> MetricTable::Make(const ScoredRows& rows,
                                              const std::vector<std::string>& names) {
  MetricTable table(rows);
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const MetricKind kind, MetricKindFromName(name));
    table.names_.push_back(name);
    table.kinds_.push_back(kind);
  }
  table.Prepare();
  return table;
}

bool MetricTable::Has(MetricKind kind) const {
  return std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end() &&
         Exists(kind, rows_->target);
}

void MetricTable::Prepare() {
  const auto n = static_cast<size_t>(rows_->rows());
  const std::vector<float>& score = rows_->score;
  const std::vector<float>& label = rows_->label;
  const bool binary = rows_->target == TargetKind::kBinary;
  if (Has(MetricKind::kLogLoss) || Has(MetricKind::kNormalizedEntropy)) {
    loss_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      loss_[i] = binary ? static_cast<float>(LogisticLoss(score[i], label[i])) : -score[i];
    }
  }
  if (Has(MetricKind::kRmse) || Has(MetricKind::kR2) || Has(MetricKind::kMae)) {
    loss_.resize(n);
    absolute_error_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      const double error = static_cast<double>(score[i]) - static_cast<double>(label[i]);
      loss_[i] = static_cast<float>(error * error);
      absolute_error_[i] = static_cast<float>(std::abs(error));
    }
  }
  if (Has(MetricKind::kAccuracy) || Has(MetricKind::kCalibrationError)) {
    right_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      const bool right = binary ? (score[i] > 0) == (label[i] > 0.5f)
                                : rows_->predicted[i] == static_cast<int32_t>(label[i]);
      right_[i] = right ? 1.0f : 0.0f;
    }
  }
  if (Has(MetricKind::kCalibrationError)) {
    probability_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      probability_[i] = binary ? static_cast<float>(Sigmoid(score[i])) : rows_->confidence[i];
    }
    by_probability_ = OrderByScore(probability_);
  }
  if (Has(MetricKind::kAuc)) by_score_ = OrderByScore(score);
  if (Has(MetricKind::kGauc) && !rows_->group.empty()) {
    by_group_ = OrderByGroupAndScore(rows_->group, score);
  }
}

std::vector<std::optional<double>> MetricTable::Evaluate(std::span<const uint8_t> counts) const {
  const auto n = static_cast<size_t>(rows_->rows());
  std::vector<double> weight(n, 1.0);
  if (!rows_->weight.empty()) std::copy(rows_->weight.begin(), rows_->weight.end(), weight.begin());
  for (size_t i = 0; i < counts.size(); ++i) weight[i] *= counts[i];
  std::vector<std::optional<double>> values;
  values.reserve(kinds_.size());
  for (const MetricKind kind : kinds_) {
    std::optional<double> value;
    if (Exists(kind, rows_->target)) value = Value(kind, weight);
    if (value && !std::isfinite(*value)) value.reset();
    values.push_back(value);
  }
  return values;
}

std::optional<double> MetricTable::Value(MetricKind kind, std::span<const double> weight) const {
  switch (kind) {
    case MetricKind::kAuc:
      return Auc(by_score_, rows_->score, rows_->label, weight);
    case MetricKind::kGauc:
      return GroupedAuc(by_group_, rows_->group, rows_->score, rows_->label, weight);
    case MetricKind::kLogLoss:
      return WeightedMean(loss_, weight);
    case MetricKind::kNormalizedEntropy:
      return NormalizedEntropy(weight);
    case MetricKind::kCalibrationError:
      return CalibrationError(by_probability_, probability_,
                              rows_->target == TargetKind::kBinary ? rows_->label : right_, weight);
    case MetricKind::kAccuracy:
      return WeightedMean(right_, weight);
    case MetricKind::kRmse: {
      const std::optional<double> mean = WeightedMean(loss_, weight);
      if (!mean) return std::nullopt;
      return std::sqrt(*mean);
    }
    case MetricKind::kMae:
      return WeightedMean(absolute_error_, weight);
    case MetricKind::kR2:
      return R2(weight);
  }
  return std::nullopt;
}

std::optional<double> MetricTable::NormalizedEntropy(std::span<const double> weight) const {
  std::vector<double> share;
  double total = 0;
  for (size_t row = 0; row < weight.size(); ++row) {
    const auto label = static_cast<size_t>(rows_->label[row]);
    if (label >= share.size()) share.resize(label + 1, 0.0);
    share[label] += weight[row];
    total += weight[row];
  }
  double entropy = 0;
  for (const double w : share) {
    if (w > 0) entropy -= w / total * std::log(w / total);
  }
  const std::optional<double> loss = WeightedMean(loss_, weight);
  if (!loss || entropy <= 0) return std::nullopt;
  return *loss / entropy;
}

std::optional<double> MetricTable::R2(std::span<const double> weight) const {
  const std::optional<double> mean = WeightedMean(rows_->label, weight);
  if (!mean) return std::nullopt;
  double residual = 0, spread = 0;
  for (size_t row = 0; row < weight.size(); ++row) {
    const double centred = static_cast<double>(rows_->label[row]) - *mean;
    residual += weight[row] * static_cast<double>(loss_[row]);
    spread += weight[row] * centred * centred;
  }
  if (spread <= 0) return std::nullopt;
  return 1.0 - residual / spread;
}

}  // namespace winnow::train
