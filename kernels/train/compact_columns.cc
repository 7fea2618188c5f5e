#include "kernels/train/compact_columns.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/train/table_source.h"

namespace winnow::train {
namespace {

// Below two passes over the table there is nothing to gain.
constexpr int64_t kLeastPasses = 2;
constexpr int64_t kTaskRows = 4096;

}  // namespace

bool CompactColumns::Pays(const data::PackedTable& table, const plan::ModelShape& shape,
                          int64_t visits) {
  const RowLayout layout(shape);
  return !IsLargeTable(table.file_bytes(), table.rows()) && visits >= kLeastPasses * table.rows() &&
         table.rows() * layout.stride() * 4 <= kCompactColumnsBytes;
}

absl::StatusOr<std::unique_ptr<CompactColumns>> CompactColumns::Create(
    const JobContext& context, const plan::ModelShape& shape) {
  std::unique_ptr<CompactColumns> compact(new CompactColumns(shape));
  const int64_t rows = context.table->table().rows(), stride = compact->layout_.stride();
  ASSIGN_OR_RETURN(compact->rows_, AlignedBuffer<float>::Create(rows * stride));
  float* const data = compact->rows_.data();
  JobContext direct = context;
  direct.compact = nullptr;
  const auto fill = [&](int task, int thread) {
    const int64_t begin = task * kTaskRows, count = std::min(kTaskRows, rows - begin);
    std::vector<uint32_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), static_cast<uint32_t>(begin));
    TableSource source(direct, shape);
    source.SetRows(order);
    RowLayout::Scratch scratch;
    compact->layout_.Write(source, 0, count, thread, scratch, data + begin * stride);
  };
  context.pool->Run(static_cast<int>((rows + kTaskRows - 1) / kTaskRows), fill);
  return compact;
}

void CompactColumns::Copy(const RowLayout::View& view, std::span<const uint32_t> rows,
                          const nn::BatchRows& out) const {
  for (size_t i = 0; i < rows.size(); ++i) {
    layout_.Read(view, rows_.data() + static_cast<int64_t>(rows[i]) * layout_.stride(),
                 static_cast<int64_t>(i), out);
  }
}

}  // namespace winnow::train
