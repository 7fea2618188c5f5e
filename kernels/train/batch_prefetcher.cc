#include "kernels/train/batch_prefetcher.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::train {

absl::StatusOr<int32_t> BatchPrefetcher::Load(int64_t step) {
  if (!thread_.joinable() || (step != loaded_ && step != loaded_ + 1)) {
    Stop();
    RETURN_IF_ERROR(Start(step));
  }
  if (step != loaded_) {
    if (loaded_ >= 0) free_.release();
    ready_.acquire();
    loaded_ = step;
  }
  const Batch& batch = BatchOf(step);
  RETURN_IF_ERROR(batch.status);
  return batch.rows;
}

absl::Status BatchPrefetcher::Start(int64_t step) {
  free_.release(static_cast<std::ptrdiff_t>(batches_.size()));
  try {
    thread_ = std::thread([this, step] { Run(step); });
  } catch (const std::system_error& error) {
    while (free_.try_acquire()) {
    }
    return absl::ResourceExhaustedError(
        absl::StrCat("no thread can be started to prepare batches: ", error.what()));
  }
  return absl::OkStatus();
}

void BatchPrefetcher::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  free_.release();
  thread_.join();
  stopping_ = false;
  while (free_.try_acquire()) {
  }
  while (ready_.try_acquire()) {
  }
  loaded_ = -1;
}

void BatchPrefetcher::Run(int64_t step) {
  for (;; ++step) {
    free_.acquire();
    if (stopping_) return;
    Batch& batch = BatchOf(step);
    try {
      batch.status = absl::OkStatus();
      Gather(step, batch);
    } catch (const std::bad_alloc&) {
      batch.status =
          absl::ResourceExhaustedError(absl::StrCat("no memory for the batch of step ", step));
    }
    ready_.release();
  }
}

void BatchPrefetcher::Gather(int64_t step, Batch& batch) {
  const std::span<const uint32_t> rows = schedule_->Batch(step);
  const size_t n = rows.size();
  const auto width = static_cast<size_t>(source_->gather().dense_width());
  const auto slots = static_cast<size_t>(source_->gather().num_categorical());
  batch.rows = static_cast<int32_t>(n);
  batch.dense.resize(n * width);
  batch.codes.resize(n * slots);
  batch.target.resize(n);
  batch.weight.resize(n);
  source_->SetRows(rows);
  source_->Fill(0, batch.rows, 0,
                {.dense = batch.dense.data(),
                 .dense_stride = static_cast<int64_t>(width),
                 .codes = batch.codes.data(),
                 .target = batch.target.data(),
                 .weight = batch.weight.data()});
}

void BatchPrefetcher::Fill(int64_t begin, int64_t end, const nn::BatchRows& out) const {
  const Batch& batch = batches_[static_cast<size_t>(loaded_) % batches_.size()];
  const int64_t width = source_->gather().dense_width();
  const int64_t slots = source_->gather().num_categorical();
  const int64_t n = end - begin;
  if (out.dense != nullptr) {
    for (int64_t i = 0; i < n && width > 0; ++i) {
      std::copy_n(batch.dense.data() + (begin + i) * width, width,
                  out.dense + i * out.dense_stride);
    }
  }
  if (out.codes != nullptr) std::copy_n(batch.codes.data() + begin * slots, n * slots, out.codes);
  if (out.target != nullptr) std::copy_n(batch.target.data() + begin, n, out.target);
  if (out.weight != nullptr) std::copy_n(batch.weight.data() + begin, n, out.weight);
}

}  // namespace winnow::train
