// The batches of one training, one after the other.
//
// Rows of a table that fits in memory are gathered inside the step's own tasks: the thread that
// computes a block has it in cache, and no core is needed besides. The batches of a large table
// (large_table.h) are made ready by one background thread, two buffers deep, because reading them
// may wait for the disk. Both give the same bytes.
#ifndef WINNOW_KERNELS_TRAIN_BATCH_FEED_H_
#define WINNOW_KERNELS_TRAIN_BATCH_FEED_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/data/batch_schedule.h"
#include "kernels/plan/plan.h"
#include "kernels/train/batch_stream.h"
#include "kernels/train/job_context.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

class BatchPrefetcher;

// OWNERSHIP: what the context refers to outlives this.
class BatchFeed final : public BatchStream {
 public:
  enum class Mode {
    kByTable,  // ahead for large tables, else direct
    kDirect,   // gathered by Fill
    kAhead,    // gathered by a background thread
  };

  // Batches of the training rows, shuffled by the stream "shuffle/<name>".
  BatchFeed(const JobContext& context, const plan::ModelShape& shape, const std::string& name,
            int32_t batch_size, Mode mode = Mode::kByTable);
  ~BatchFeed() override;

  int32_t batch_size() const override { return batch_size_; }
  int64_t steps_per_epoch() const override { return steps_per_epoch_; }

  // Steps may come in any order; ascending ones are ready before they are asked for.
  // RESOURCE_EXHAUSTED when there is no memory or no thread for them.
  absl::StatusOr<int32_t> Load(int64_t step) override;

  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override;

 private:
  TableSource source_;
  data::BatchSchedule schedule_;
  int32_t batch_size_;
  int64_t steps_per_epoch_;
  std::unique_ptr<BatchPrefetcher> prefetcher_;  // null: direct
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BATCH_FEED_H_
