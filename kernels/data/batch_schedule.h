// Which rows a step sees: a fresh permutation of the rows for every epoch, a function of (seed,
// stream, epoch) alone. For a large table (large_table.h) it is one of those that keep the working
// set small: shuffle_window.h.
#ifndef WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_
#define WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/row_set.h"
#include "kernels/data/shuffle_window.h"

namespace winnow::data {

enum class BatchSampling {
  kPermutation,      // every row once an epoch
  kWithReplacement,  // every row of every batch drawn anew
};

struct BatchOptions {
  int32_t batch_size = 0;  // >= 1; clipped to the number of rows
  // The last batch of an epoch: kept though it is short, or left out. Without replacement only; an
  // epoch of fewer rows than one batch always has that one batch.
  bool keep_short_batch = true;
  BatchSampling sampling = BatchSampling::kPermutation;
  // Of a large table. Without replacement only.
  std::optional<WindowSize> window;
  // Told ahead which rows will be read; null: nobody is.
  const PackedTable* table = nullptr;
};

// The window and the table where the table is a large one, else as `options` are.
BatchOptions ForTable(const PackedTable& table, BatchOptions options);

// Resuming needs the step number only. THREAD-SAFETY: none; the driving thread asks, the tasks read
// the span.
class BatchSchedule {
 public:
  // `stream` is a fixed name of the program such as "shuffle/select". OWNERSHIP: `rows` must
  // outlive this. REQUIRES: rows is not empty, options.batch_size >= 1.
  BatchSchedule(const RowSet& rows, uint64_t seed, const std::string& stream,
                const BatchOptions& options);

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  int32_t batch_size() const { return batch_size_; }

  // The table rows of step `step`, counted from 0 over all epochs. Valid until the next call.
  // O(batch), and O(rows), or O(window), when `step` lies in another epoch, or window, than the
  // last call's.
  std::span<const uint32_t> Batch(int64_t step);

 private:
  const RowSet& rows_;
  RngStream rng_;
  BatchOptions options_;
  int32_t batch_size_ = 0;
  int64_t steps_per_epoch_ = 0;
  int64_t epoch_ = -1;
  std::vector<uint32_t> order_;  // this epoch's rows, or this step's
  std::optional<WindowShuffle> windows_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_
