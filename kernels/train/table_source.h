// Rows of a training table as the inputs of a model.
#ifndef WINNOW_KERNELS_TRAIN_TABLE_SOURCE_H_
#define WINNOW_KERNELS_TRAIN_TABLE_SOURCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/data/column_gather.h"
#include "kernels/nn/batch_source.h"
#include "kernels/plan/plan.h"
#include "kernels/train/compact_columns.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

// The columns of a model's fields, ascending.
std::vector<int32_t> ColumnsOf(const plan::ModelShape& shape);

// Reads the memory-mapped table, or the context's copy of the columns; holds no row. OWNERSHIP:
// what the context refers to, and the rows set last, outlive this. THREAD-SAFETY: Fill from any
// thread.
class TableSource final : public nn::BatchSource {
 public:
  TableSource(const JobContext& context, const plan::ModelShape& shape);

  // The table rows that the positions of the next Fill calls refer to.
  void SetRows(std::span<const uint32_t> rows) { rows_ = rows; }

  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override;

  const data::ColumnGather& gather() const { return gather_; }

 private:
  data::ColumnGather gather_;
  const CompactColumns* compact_;
  std::optional<RowLayout::View> view_;  // when the copy has all columns
  std::span<const uint32_t> rows_;
  bool is_regression_;
  float target_shift_, target_scale_;  // (y - shift) * scale
  bool has_weight_;
  float weight_scale_;
};

// Rows gathered once, for evaluations that repeat.
class CachedSource final : public nn::BatchSource {
 public:
  CachedSource(const JobContext& context, const plan::ModelShape& shape,
               std::span<const uint32_t> rows);

  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override;

  int64_t rows() const { return static_cast<int64_t>(target_.size()); }
  int32_t num_categorical() const { return num_categorical_; }
  // Inputs of row i: [dense_width], [num_categorical].
  const float* dense(int64_t i) const { return dense_.data() + i * dense_width_; }
  const int32_t* codes(int64_t i) const { return codes_.data() + i * num_categorical_; }

 private:
  int32_t dense_width_, num_categorical_;
  std::vector<float> dense_, target_, weight_;
  std::vector<int32_t> codes_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_TABLE_SOURCE_H_
