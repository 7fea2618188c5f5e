// Metrics of a model on the rows of one part, by the names that results use.
//
//   auc, gauc            binary                 ranking.h
//   log_loss             binary, multiclass     mean of -log p(true class), natural logarithm
//   normalized_entropy   binary, multiclass     log_loss / entropy of the class shares of these
//   rows
//                                               (He et al. 2014, "Practical lessons from predicting
//                                               clicks", eq. 1)
//   calibration_error    binary, multiclass     calibration.h; multiclass: of the most probable
//   class accuracy             binary, multiclass     binary: logit > 0 rmse, mae, r2 regression in
//   the units of the target; r2 = 1 - SSE / SST
// A metric that does not exist for the target, or is undefined on these rows (one class only,
// constant target, no groups, no rows), has no value. All means are weighted by sample weights.
#ifndef WINNOW_KERNELS_TRAIN_METRICS_H_
#define WINNOW_KERNELS_TRAIN_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/train/scored_rows.h"

namespace winnow::train {

enum class MetricKind {
  kAuc,
  kGauc,
  kLogLoss,
  kNormalizedEntropy,
  kCalibrationError,
  kAccuracy,
  kRmse,
  kMae,
  kR2,
};

// INVALID_ARGUMENT names the known metrics.
absl::StatusOr<MetricKind> MetricKindFromName(const std::string& name);

// Metrics of one set of rows under any re-weighting of them: sorts once, then O(n) per evaluation.
// THREAD-SAFETY: const members may be called from any thread. OWNERSHIP: `rows` outlives the table.
class MetricTable {
 public:
  static absl::StatusOr<MetricTable> Make(const ScoredRows& rows,
                                          const std::vector<std::string>& names);

  // Values in the order of names(). counts[row] multiplies the weight of a row; empty: 1 each.
  std::vector<std::optional<double>> Evaluate(std::span<const uint8_t> counts = {}) const;

  const std::vector<std::string>& names() const { return names_; }
  int64_t rows() const { return rows_->rows(); }

 private:
  friend class BlockMetrics;

  explicit MetricTable(const ScoredRows& rows) : rows_(&rows) {}

  void Prepare();
  bool Has(MetricKind kind) const;
  std::optional<double> Value(MetricKind kind, std::span<const double> weight) const;
  std::optional<double> NormalizedEntropy(std::span<const double> weight) const;
  std::optional<double> R2(std::span<const double> weight) const;

  const ScoredRows* rows_;
  std::vector<std::string> names_;
  std::vector<MetricKind> kinds_;
  // Per row, where a metric needs them: -log p(true class) or squared error; absolute error; 1 if
  // right.
  std::vector<float> loss_, absolute_error_, right_;
  std::vector<float> probability_;  // of the positive class, or of the most probable one
  std::vector<uint32_t> by_score_, by_group_, by_probability_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_METRICS_H_
