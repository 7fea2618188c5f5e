// Whole columns of a sample of training rows, a few candidates at a time.
//
// The table stands in rows: reading one column costs as much as reading its whole block. So columns
// are gathered for as many neighbouring candidates as fit into kWindowValues values.
#ifndef WINNOW_KERNELS_TRAIN_COLUMN_SAMPLE_H_
#define WINNOW_KERNELS_TRAIN_COLUMN_SAMPLE_H_

#include <cstdint>
#include <vector>

#include "kernels/base/candidate.h"
#include "kernels/base/model_probe.h"
#include "kernels/plan/plan.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

// OWNERSHIP: context and shape outlive this. THREAD-SAFETY: none.
class ColumnSample {
 public:
  // Feature and chunk candidates of `context.plan`; `shape` is the full model's.
  ColumnSample(const JobContext& context, const plan::ModelShape& shape, int64_t max_rows);

  // Columns of a candidate in column order, indicators of missing values after their column.
  void Inputs(int32_t candidate, std::vector<InputColumn>& out);
  // Class index, or the standardised value of a regression target.
  TargetSample Targets() const;

 private:
  static constexpr int64_t kWindowValues = int64_t{1} << 23;

  void Load(int32_t candidate);
  const plan::InputField& field(int32_t column) const;

  const JobContext& context_;
  const plan::ModelShape& shape_;
  std::vector<uint32_t> rows_;
  int32_t window_begin_ = 0, window_end_ = 0;     // candidates
  std::vector<std::vector<InputColumn>> window_;  // by candidate - window_begin_
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_COLUMN_SAMPLE_H_
