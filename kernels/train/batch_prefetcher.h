// The background thread that makes batches ready.
#ifndef WINNOW_KERNELS_TRAIN_BATCH_PREFETCHER_H_
#define WINNOW_KERNELS_TRAIN_BATCH_PREFETCHER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <semaphore>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/data/batch_schedule.h"
#include "kernels/nn/batch_source.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// Two buffers: one that Fill reads, one that the thread writes the next batch to. Two semaphores
// hand them over, once a batch each; nothing is allocated after the first two batches.
// THREAD-SAFETY: as BatchFeed. OWNERSHIP: source and schedule outlive this and are used by nobody
// else.
class BatchPrefetcher {
 public:
  BatchPrefetcher(TableSource* source, data::BatchSchedule* schedule)
      : source_(source), schedule_(schedule) {}
  ~BatchPrefetcher() { Stop(); }
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;

  // Waits for the batch of `step` and returns its rows; the buffer of the last one is given back.
  // Another step than the last one or the next starts the thread anew. RESOURCE_EXHAUSTED when the
  // thread finds no memory, or cannot be started.
  absl::StatusOr<int32_t> Load(int64_t step);
  // Rows [begin, end) of the batch loaded last.
  void Fill(int64_t begin, int64_t end, const nn::BatchRows& out) const;

 private:
  struct Batch {
    int32_t rows = 0;
    absl::Status status;
    std::vector<float> dense, target, weight;
    std::vector<int32_t> codes;
  };

  absl::Status Start(int64_t step);
  void Stop();
  void Run(int64_t step);
  void Gather(int64_t step, Batch& batch);
  Batch& BatchOf(int64_t step) { return batches_[static_cast<size_t>(step) % batches_.size()]; }

  TableSource* source_;
  data::BatchSchedule* schedule_;
  std::array<Batch, 2> batches_;
  std::counting_semaphore<> free_{0}, ready_{0};  // buffers
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  int64_t loaded_ = -1;  // step; -1: none since the thread started
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BATCH_PREFETCHER_H_
