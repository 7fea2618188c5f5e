#include "kernels/train/shared_batches.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/plan/lockstep.h"

namespace winnow::train {

class SharedBatches::Stream final : public BatchStream {
 public:
  Stream(const SharedBatches& batches, RowLayout::View view)
      : batches_(batches), view_(std::move(view)) {}

  int32_t batch_size() const override { return batches_.feed_.batch_size(); }
  int64_t steps_per_epoch() const override { return batches_.feed_.steps_per_epoch(); }

  absl::StatusOr<int32_t> Load(int64_t step) override {
    const Half& half = batches_.halves_[static_cast<size_t>(batches_.current_)];
    if (!batches_.Has(step)) {
      return absl::InternalError(absl::StrCat("the batch of step ", step, " is not at hand, but ",
                                              half.count, " from step ", half.first));
    }
    const int64_t at = step - half.first;
    rows_ = half.values.data() + at * batch_size() * batches_.layout_.stride();
    return half.rows[static_cast<size_t>(at)];
  }

  void Fill(int64_t begin, int64_t end, int /*thread*/, const nn::BatchRows& out) const override {
    const int64_t stride = batches_.layout_.stride();
    for (int64_t i = begin; i < end; ++i) {
      batches_.layout_.Read(view_, rows_ + i * stride, i - begin, out);
    }
  }

 private:
  const SharedBatches& batches_;
  RowLayout::View view_;
  const float* rows_ = nullptr;
};

absl::StatusOr<std::unique_ptr<SharedBatches>> SharedBatches::Create(const JobContext& context,
                                                                     const plan::ModelShape& shape,
                                                                     const std::string& name,
                                                                     int32_t batch_size,
                                                                     int64_t most_steps) {
  std::unique_ptr<SharedBatches> batches(new SharedBatches(context, shape, name, batch_size));
  const int64_t floats = batches->feed_.batch_size() * batches->layout_.stride();
  const int64_t bytes = 2 * floats * static_cast<int64_t>(sizeof(float));
  const auto room = static_cast<int64_t>(batches->halves_[0].rows.size());
  batches->steps_ =
      std::clamp<int64_t>(std::min(most_steps, plan::kSharedBatchBytes / bytes), 1, room);
  for (Half& half : batches->halves_) {
    ASSIGN_OR_RETURN(half.values, AlignedBuffer<float>::Create(batches->steps_ * floats));
  }
  return batches;
}

absl::Status SharedBatches::Gather(int64_t step, int64_t count, int thread) {
  Half& half = halves_[static_cast<size_t>(1 - current_)];
  half.first = step;
  half.count = 0;
  for (; half.count < count; ++half.count) {
    ASSIGN_OR_RETURN(const int32_t rows, feed_.Load(step + half.count));
    half.rows[static_cast<size_t>(half.count)] = rows;
    layout_.Write(feed_, 0, rows, thread, scratch_,
                  half.values.data() + half.count * feed_.batch_size() * layout_.stride());
  }
  return absl::OkStatus();
}

bool SharedBatches::Has(int64_t step) const {
  const Half& half = halves_[static_cast<size_t>(current_)];
  return half.first <= step && step < half.first + half.count;
}

std::unique_ptr<BatchStream> SharedBatches::StreamOf(const plan::ModelShape& shape) const {
  return std::make_unique<Stream>(*this, *layout_.ViewOf(shape));
}

}  // namespace winnow::train
