#include "kernels/train/batch_feed.h"

#include <span>

#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/train/batch_prefetcher.h"

namespace winnow::train {
namespace {

bool IsAhead(BatchFeed::Mode mode, const data::PackedTable& table) {
  if (mode != BatchFeed::Mode::kByTable) return mode == BatchFeed::Mode::kAhead;
  return IsLargeTable(table.file_bytes(), table.rows());
}

}  // namespace

BatchFeed::BatchFeed(const JobContext& context, const plan::ModelShape& shape,
                     const std::string& name, int32_t batch_size, Mode mode)
    : source_(context, shape),
      schedule_(context.table->train_rows(), context.seed(), "shuffle/" + name,
                data::ForTable(context.table->table(), {.batch_size = batch_size})),
      batch_size_(schedule_.batch_size()),
      steps_per_epoch_(schedule_.steps_per_epoch()) {
  if (IsAhead(mode, context.table->table())) {
    prefetcher_ = std::make_unique<BatchPrefetcher>(&source_, &schedule_);
  }
}

BatchFeed::~BatchFeed() = default;

absl::StatusOr<int32_t> BatchFeed::Load(int64_t step) {
  if (prefetcher_ != nullptr) return prefetcher_->Load(step);
  const std::span<const uint32_t> rows = schedule_.Batch(step);
  source_.SetRows(rows);
  return static_cast<int32_t>(rows.size());
}

void BatchFeed::Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const {
  if (prefetcher_ != nullptr) return prefetcher_->Fill(begin, end, out);
  source_.Fill(begin, end, thread, out);
}

}  // namespace winnow::train
