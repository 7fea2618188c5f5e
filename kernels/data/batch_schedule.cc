#include "kernels/data/batch_schedule.h"

#include <algorithm>

#include "kernels/base/large_table.h"

namespace winnow::data {

BatchOptions ForTable(const PackedTable& table, BatchOptions options) {
  if (!IsLargeTable(table.file_bytes(), table.rows())) return options;
  options.window = WindowSizeOf(table.stride());
  options.table = &table;
  return options;
}

// Draws of epoch e have the indices e n .. e n + n - 1 of the stream; with replacement, the draws
// of step t have the indices t batch .. t batch + batch - 1.
BatchSchedule::BatchSchedule(const RowSet& rows, uint64_t seed, const std::string& stream,
                             const BatchOptions& options)
    : rows_(rows), rng_(seed, stream), options_(options) {
  const auto n = static_cast<int64_t>(rows.size());
  batch_size_ = static_cast<int32_t>(std::min<int64_t>(options.batch_size, n));
  if (options.sampling == BatchSampling::kWithReplacement) batch_size_ = options.batch_size;
  steps_per_epoch_ = n / batch_size_;
  const bool has_short_batch = n % batch_size_ != 0;
  if (has_short_batch && (options.keep_short_batch || steps_per_epoch_ == 0)) ++steps_per_epoch_;
  if (options.sampling == BatchSampling::kPermutation && options.window) {
    windows_.emplace(rows, seed, stream, *options.window, options.table);
  }
}

std::span<const uint32_t> BatchSchedule::Batch(int64_t step) {
  const auto n = static_cast<int64_t>(rows_.size());
  if (options_.sampling == BatchSampling::kWithReplacement) {
    order_.resize(static_cast<size_t>(batch_size_));
    const auto base = static_cast<uint64_t>(step) * static_cast<uint64_t>(batch_size_);
    for (int32_t i = 0; i < batch_size_; ++i) {
      order_[i] = rows_[rng_.Below(base + static_cast<uint64_t>(i), static_cast<uint64_t>(n))];
    }
    return order_;
  }
  const int64_t epoch = step / steps_per_epoch_;
  const int64_t begin = (step % steps_per_epoch_) * batch_size_;
  const int64_t length = std::min<int64_t>(batch_size_, n - begin);
  if (windows_) {
    order_.resize(static_cast<size_t>(length));
    windows_->Read(epoch, begin, order_);
    return order_;
  }
  if (epoch != epoch_) {
    order_.resize(rows_.size());
    rows_.Copy(0, order_);
    rng_.Shuffle(order_, static_cast<uint64_t>(epoch * n));
    epoch_ = epoch;
  }
  return std::span<const uint32_t>(order_).subspan(static_cast<size_t>(begin),
                                                   static_cast<size_t>(length));
}

}  // namespace winnow::data
