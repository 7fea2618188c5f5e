// Cached rows in which the inputs of one candidate come from other rows.
#ifndef WINNOW_KERNELS_TRAIN_PERMUTED_SOURCE_H_
#define WINNOW_KERNELS_TRAIN_PERMUTED_SOURCE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/nn/batch_source.h"
#include "kernels/plan/plan.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// OWNERSHIP: the rows outlive this. THREAD-SAFETY: Fill from any thread.
class PermutedSource final : public nn::BatchSource {
 public:
  // Row i takes the inputs of `columns` (of the dataset, ascending) from row order[i].
  PermutedSource(const CachedSource& rows, const plan::ModelShape& shape,
                 std::span<const int32_t> columns, std::vector<uint32_t> order);

  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override;

 private:
  const CachedSource& rows_;
  std::vector<uint32_t> order_;
  std::vector<int32_t> dense_, slots_;  // places of the permuted inputs
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_PERMUTED_SOURCE_H_
