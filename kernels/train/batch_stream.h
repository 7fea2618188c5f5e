// The batches of one training, step by step.
#ifndef WINNOW_KERNELS_TRAIN_BATCH_STREAM_H_
#define WINNOW_KERNELS_TRAIN_BATCH_STREAM_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "kernels/nn/batch_source.h"

namespace winnow::train {

// As a source it is the batch loaded last. THREAD-SAFETY: Load by one thread, while nobody fills.
class BatchStream : public nn::BatchSource {
 public:
  virtual int32_t batch_size() const = 0;
  virtual int64_t steps_per_epoch() const = 0;

  // Makes the batch of `step` the one to fill from; returns its rows.
  virtual absl::StatusOr<int32_t> Load(int64_t step) = 0;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BATCH_STREAM_H_
