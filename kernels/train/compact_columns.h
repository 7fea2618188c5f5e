// The inputs of some columns for every row of the table, gathered and mapped once.
//
// Trainings of a smaller model read a few columns of wide rows in random order, again and again:
// every value costs a line of the cache and a mapping. A copy of those columns alone costs one pass
// and is read by every training that needs no other column: the retrain, every size of the curve,
// the model of equal capacity; on narrow tables the selection and its repeats too. Measured, one
// thread, processor time of whole jobs, alternated: retrain and curve of 50 of MNIST's 784 columns
// (8 sizes, 10 epochs) 1.65 s with the copy, 2.9 to 3.2 s without; UCI Adult, 14 columns, selection
// of 6 with curve and 5 repeats, 1.60 to 1.68 s against 1.67 to 1.80 s.
// The bytes are those that TableSource reads without it.
#ifndef WINNOW_KERNELS_TRAIN_COMPACT_COLUMNS_H_
#define WINNOW_KERNELS_TRAIN_COMPACT_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/nn/batch_source.h"
#include "kernels/plan/plan.h"
#include "kernels/train/job_context.h"
#include "kernels/train/row_layout.h"

namespace winnow::train {

// THREAD-SAFETY: const members from any thread.
class CompactColumns {
 public:
  // Whether a copy is worth its pass and its memory, for a training that reads `visits` rows; a
  // function of table, model and plan alone.
  static bool Pays(const data::PackedTable& table, const plan::ModelShape& shape, int64_t visits);

  // The columns of `shape`, gathered by the pool. RESOURCE_EXHAUSTED without memory.
  static absl::StatusOr<std::unique_ptr<CompactColumns>> Create(const JobContext& context,
                                                                const plan::ModelShape& shape);

  // None when a column is missing here.
  std::optional<RowLayout::View> ViewOf(const plan::ModelShape& shape) const {
    return layout_.ViewOf(shape);
  }

  // Row i of `out` is table row rows[i]. REQUIRES: `view` is of this.
  void Copy(const RowLayout::View& view, std::span<const uint32_t> rows,
            const nn::BatchRows& out) const;

 private:
  explicit CompactColumns(const plan::ModelShape& shape) : layout_(shape) {}

  RowLayout layout_;
  AlignedBuffer<float> rows_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_COMPACT_COLUMNS_H_
