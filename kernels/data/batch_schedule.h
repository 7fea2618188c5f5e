// Which rows a step sees: a fresh permutation of the rows for every epoch, a function of (seed,
// stream, epoch) alone.
#ifndef WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_
#define WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/rng.h"

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
};

// Resuming needs the step number only. THREAD-SAFETY: none; the driving thread asks, the tasks read
// the span.
class BatchSchedule {
 public:
  // `stream` is a fixed name of the program such as "shuffle/select". OWNERSHIP: `rows` must
  // outlive this. REQUIRES: rows is not empty, options.batch_size >= 1.
  BatchSchedule(std::span<const uint32_t> rows, uint64_t seed, const std::string& stream,
                const BatchOptions& options);

  int64_t steps_per_epoch() const { return steps_per_epoch_; }
  int32_t batch_size() const { return batch_size_; }

  // The table rows of step `step`, counted from 0 over all epochs. Valid until the next call.
  // O(batch), and O(rows) when `step` lies in another epoch than the last call's.
  std::span<const uint32_t> Batch(int64_t step);

 private:
  std::span<const uint32_t> rows_;
  RngStream rng_;
  BatchOptions options_;
  int32_t batch_size_ = 0;
  int64_t steps_per_epoch_ = 0;
  int64_t epoch_ = -1;
  std::vector<uint32_t> order_;  // this epoch's rows, or this step's draws
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_BATCH_SCHEDULE_H_
