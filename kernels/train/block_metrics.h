// Metrics under re-weightings of many rows, at a cost that does not grow with the rows.
//
// Row i belongs to block i mod B; a re-weighting counts whole blocks. Every metric but gauc is then
// a function of sums over blocks, taken once:
//   log_loss, accuracy, mae   sum w v / sum w, v the row's loss, 1 if right, |error|
//   rmse                      the root of that of the squared error
//   r2                        1 - sum w e^2 / (sum w u^2 - (sum w u)^2 / sum w), u = y - mean of y
//   normalized_entropy        sum w loss / sum w h, h = -log of the share of the row's class: to
//   first
//                             order the entropy of the re-weighted shares
//   auc                       A+ + A- - AUC; A+ = mean over positives of the share of negatives
//   that
//                             score less (equal: half), A- = mean over negatives of the share of
//                             positives that score more: the AUC to first order in the change of
//                             weights (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44)
// What first order leaves out is of the size 1 / n where the spread is of 1 / sqrt(n).
// gauc is evaluated row by row, in the order of its groups: groups may be small.
#ifndef WINNOW_KERNELS_TRAIN_BLOCK_METRICS_H_
#define WINNOW_KERNELS_TRAIN_BLOCK_METRICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/train/metrics.h"

namespace winnow::train {

// THREAD-SAFETY: const members from any thread.
class BlockMetrics {
 public:
  // O(rows) a metric. OWNERSHIP: `table` outlives this. REQUIRES: blocks >= 1.
  BlockMetrics(const MetricTable& table, int32_t blocks);

  // In the order of the table's names; counts[b] multiplies the weights of block b. No value for
  // calibration_error, whose replicates nobody reads. REQUIRES: counts.size() == blocks.
  std::vector<std::optional<double>> Evaluate(std::span<const uint8_t> counts) const;

 private:
  // Sums of one metric over the rows of every block, [blocks] each, as many as it needs.
  using Sums = std::vector<std::vector<double>>;

  double Weight(size_t row) const;
  // Adds weight * value(row) over the rows to a new vector of sums.
  template <typename Value>
  void Add(Sums& sums, Value value) const;
  Sums SumsOf(MetricKind kind);
  Sums AucSums();
  Sums R2Sums() const;
  Sums EntropySums() const;
  void PlaceGroups();
  std::optional<double> ValueOf(size_t metric, std::span<const uint8_t> counts) const;
  std::optional<double> Gauc(std::span<const uint8_t> counts) const;

  const MetricTable& table_;
  const ScoredRows& rows_;
  int32_t blocks_;
  std::vector<Sums> sums_;  // by metric
  double auc_ = 0;
  // Rows in the order of their groups, for gauc.
  struct Grouped {
    std::vector<uint32_t> order;  // 0, 1, 2, ...
    std::vector<int32_t> group;
    std::vector<float> score, label;
    std::vector<double> weight;
    std::vector<int32_t> block;
  };
  Grouped grouped_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BLOCK_METRICS_H_
