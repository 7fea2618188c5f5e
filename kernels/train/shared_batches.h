// The batches of several trainings over the same rows, gathered once.
//
// A row holds the inputs that any of the trainings reads. Those of a few steps are gathered ahead
// of their use, into one of two halves: the trainings read one half while the next is filled.
#ifndef WINNOW_KERNELS_TRAIN_SHARED_BATCHES_H_
#define WINNOW_KERNELS_TRAIN_SHARED_BATCHES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/plan/plan.h"
#include "kernels/train/batch_feed.h"
#include "kernels/train/batch_stream.h"
#include "kernels/train/row_layout.h"

namespace winnow::train {

// OWNERSHIP: what the context refers to outlives this. THREAD-SAFETY: one thread may be in Gather
// while others read the current half through streams; Turn by one thread, while nobody does either.
class SharedBatches {
 public:
  // Of the fields of `shape`; batches as BatchFeed of the same arguments. At most `most_steps` in a
  // half. RESOURCE_EXHAUSTED without memory.
  static absl::StatusOr<std::unique_ptr<SharedBatches>> Create(const JobContext& context,
                                                               const plan::ModelShape& shape,
                                                               const std::string& name,
                                                               int32_t batch_size,
                                                               int64_t most_steps);

  // Steps in a half: a function of the shape, the batch size and `most_steps`.
  int64_t steps() const { return steps_; }

  // Fills the half that is not current with the batches of [step, step + count). REQUIRES: count <=
  // steps().
  absl::Status Gather(int64_t step, int64_t count, int thread);
  // Makes that half the current one.
  void Turn() { current_ = 1 - current_; }
  // Is the batch of `step` in the current half?
  bool Has(int64_t step) const;

  // The batches as inputs of a model of `shape`, whose fields are all here; Load wants a step that
  // the current half has. THREAD-SAFETY: a stream by one thread at a time. OWNERSHIP: this outlives
  // it.
  std::unique_ptr<BatchStream> StreamOf(const plan::ModelShape& shape) const;

 private:
  struct Half {
    int64_t first = 0, count = 0;  // steps
    std::array<int32_t, 16> rows{};
    AlignedBuffer<float> values;
  };
  class Stream;

  SharedBatches(const JobContext& context, const plan::ModelShape& shape, const std::string& name,
                int32_t batch_size)
      : layout_(shape), feed_(context, shape, name, batch_size) {}

  RowLayout layout_;
  BatchFeed feed_;
  RowLayout::Scratch scratch_;
  int64_t steps_ = 1;
  int current_ = 0;
  std::array<Half, 2> halves_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SHARED_BATCHES_H_
