// Inputs of some of a training table's columns, for models that are smaller than the table.
#ifndef WINNOW_KERNELS_DATA_COLUMN_GATHER_H_
#define WINNOW_KERNELS_DATA_COLUMN_GATHER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/row_prefetch.h"
#include "kernels/data/training_table.h"

namespace winnow::data {

// OWNERSHIP: the table outlives this. THREAD-SAFETY: const members from any thread.
class ColumnGather {
 public:
  // `columns` are indices into DatasetProfile::columns, ascending and distinct. Chosen columns keep
  // their order; their places close up.
  ColumnGather(const TrainingTable& table, std::span<const int32_t> columns);

  int32_t dense_width() const { return dense_width_; }
  int32_t num_categorical() const { return static_cast<int32_t>(slots_.size()); }

  // As TrainingTable::Gather, the values being those of the chosen columns there, bit for bit.
  // REQUIRES: dense_stride >= dense_width().
  void Gather(std::span<const uint32_t> rows, float* dense, int64_t dense_stride, int32_t* codes,
              float* target, float* weight) const;

  // Root mean square of every dense input, and training rows of every code of every categorical
  // column: the chosen ones of the table's.
  std::vector<float> DenseRms() const;
  std::vector<std::span<const int64_t>> CodeCounts() const;

 private:
  // A numeric column: place in the record, place of its value, place of its indicator or -1.
  struct Numeric {
    int32_t source = 0, value = 0, indicator = -1;
    int32_t table_value = 0;  // place of its value in the whole table's inputs
    float centre = 0, scale = 0, bound = 0;
    bool is_affine = false;  // neither missing values nor cut points
  };

  const TrainingTable* table_;
  bool is_whole_ = false;  // all columns: the table's own gather is faster
  int32_t dense_width_ = 0;
  std::vector<Numeric> numeric_;
  std::vector<int32_t> slots_;
  std::vector<const int32_t*> maps_;  // by slot of the result: code_map of the table
  RowPrefetch prefetch_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_COLUMN_GATHER_H_
