// A packed table as one job sees it: its parts, and every value as the network takes it. What the
// inputs are is said in fit.h; where they stand, in layout.h.
#ifndef WINNOW_KERNELS_DATA_TRAINING_TABLE_H_
#define WINNOW_KERNELS_DATA_TRAINING_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/data/fit.h"
#include "kernels/data/layout.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/row_prefetch.h"
#include "kernels/data/row_set.h"
#include "kernels/data/split.h"

namespace winnow::data {

// Movable. THREAD-SAFETY: const members from any thread.
class TrainingTable {
 public:
  // Splits and fits. O(rows x columns). OWNERSHIP: `table` must outlive the result.
  // INVALID_ARGUMENT as MakeSplit; DATA_LOSS when table and profile do not belong together.
  static absl::StatusOr<TrainingTable> Create(const PackedTable* table,
                                              const DatasetProfile& profile,
                                              const SplitSpec& split);
  // The same table from the sections that Save wrote, without reading training rows again.
  // DATA_LOSS / NOT_FOUND for sections of another table or split.
  static absl::StatusOr<TrainingTable> Load(const PackedTable* table, const DatasetProfile& profile,
                                            const SplitSpec& split, const Checkpoint& checkpoint,
                                            const std::string& prefix);
  // Writes the fitted state under `prefix` + "/...".
  void Save(const std::string& prefix, Checkpoint* checkpoint) const;

  const TableLayout& layout() const { return layout_; }
  const RowSet& train_rows() const { return rows_.train; }
  const RowSet& validation_rows() const { return rows_.validation; }
  const RowSet& test_rows() const { return rows_.test; }
  const DatasetProfile& profile() const { return profile_; }
  const PackedTable& table() const { return *table_; }

  // Per numeric column in table order.
  const std::vector<NumericFit>& numeric_fits() const { return fit_.numeric; }
  // Training rows of every code of a slot, after rare values became unknown.
  std::span<const int64_t> code_counts(int32_t slot) const { return fit_.categorical[slot].counts; }
  // Stored code to the network's. REQUIRES: 0 <= code < vocabulary.
  int32_t MapCode(int32_t slot, int32_t code) const { return fit_.categorical[slot].map[code]; }
  // The same as a table, [vocabulary]; null where they are the same.
  const int32_t* code_map(int32_t slot) const {
    const CategoricalFit& fit = fit_.categorical[slot];
    return fit.identity ? nullptr : fit.map.data();
  }
  // Root mean square of every dense input, [dense_width], over the training rows; over 65,536
  // evenly spaced ones where there are more.
  std::span<const float> dense_rms() const { return dense_rms_; }
  // Of the target over training rows; a squared loss works on (y - mean) / stddev. stddev is 1 when
  // it would be 0.
  double target_mean() const { return fit_.target_mean; }
  double target_stddev() const { return fit_.target_stddev; }

  // Inputs of n = rows.size() table rows:
  //   dense   n x dense_width, row i at dense + i * dense_stride (floats, >= dense_width)
  //   codes   n x num_categorical
  //   target  n; class index or raw value
  //   weight  n; 1 for tables without weights
  // Any output may be null. Allocates nothing. REQUIRES: every row < table().rows().
  // THREAD-SAFETY: any number of threads on distinct outputs.
  void Gather(std::span<const uint32_t> rows, float* dense, int64_t dense_stride, int32_t* codes,
              float* target, float* weight) const;

  // These rows will not be read again soon: the pages of a large table are given back, so that a
  // walk through it does not fill the process with them. REQUIRES: ascending.
  void Release(std::span<const uint32_t> rows) const;

 private:
  // Neighbouring numeric columns of one bound, without missing values and cut points: one loop.
  struct DenseRun {
    int32_t source = 0, target = 0, length = 0;
    float bound = 0;
  };
  // A numeric column that is in no run.
  struct LooseColumn {
    int32_t source = 0, value = 0, indicator = -1;
  };

  TrainingTable(const PackedTable* table, const DatasetProfile& profile, const SplitSpec& split,
                SplitRows rows, TableFit fit);
  void PlanGather();
  void MeasureDense();
  void GatherDense(const float* source, float* dense) const;
  void ReleaseRange(int64_t begin, int64_t end) const;
  std::string Identity() const;

  const PackedTable* table_;
  DatasetProfile profile_;
  SplitSpec split_;
  SplitRows rows_;
  TableFit fit_;
  TableLayout layout_;
  std::vector<float> dense_rms_;
  // What Gather reads: centre and scale per numeric column, and the columns grouped by treatment.
  std::vector<float> centre_, scale_;
  std::vector<DenseRun> runs_;
  std::vector<LooseColumn> loose_;
  RowPrefetch prefetch_;
  std::vector<int32_t> mapped_slots_;  // slots whose map is not the identity
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_TRAINING_TABLE_H_
