#include "kernels/train/compact_columns.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/train/table_source.h"

namespace winnow::train {
namespace {

// Below two passes over the table there is nothing to gain.
constexpr int64_t kLeastPasses = 2;
constexpr int64_t kTaskRows = 4096;

}  // namespace

CompactColumns::CompactColumns(const plan::ModelShape& shape) {
  for (const plan::InputField& field : shape.fields) {
    if (!field.categorical) {
      places_[field.column] = {dense_width_, field.rows};
      dense_width_ += field.rows;
    }
  }
  for (const plan::InputField& field : shape.fields) {
    if (field.categorical) places_[field.column] = {dense_width_ + num_codes_++, 1};
  }
  stride_ = dense_width_ + num_codes_ + 2;
}

bool CompactColumns::Pays(const data::PackedTable& table, const plan::ModelShape& shape,
                          int64_t visits) {
  const CompactColumns layout(shape);
  return !IsLargeTable(table.file_bytes(), table.rows()) && visits >= kLeastPasses * table.rows() &&
         table.rows() * layout.stride_ * 4 <= kCompactColumnsBytes;
}

absl::StatusOr<std::unique_ptr<CompactColumns>> CompactColumns::Create(
    const JobContext& context, const plan::ModelShape& shape) {
  std::unique_ptr<CompactColumns> compact(new CompactColumns(shape));
  const int64_t rows = context.table->table().rows();
  const int64_t stride = compact->stride_, width = compact->dense_width_;
  const int64_t codes = compact->num_codes_;
  ASSIGN_OR_RETURN(compact->rows_, AlignedBuffer<float>::Create(rows * stride));
  float* const data = compact->rows_.data();
  JobContext direct = context;
  direct.compact = nullptr;
  const auto fill = [&](int task, int thread) {
    const int64_t begin = task * kTaskRows, count = std::min(kTaskRows, rows - begin);
    std::vector<uint32_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), static_cast<uint32_t>(begin));
    std::vector<int32_t> code(static_cast<size_t>(count * codes));
    std::vector<float> target(order.size()), weight(order.size());
    TableSource source(direct, shape);
    source.SetRows(order);
    float* const first = data + begin * stride;
    source.Fill(0, count, thread,
                {.dense = first,
                 .dense_stride = stride,
                 .codes = code.data(),
                 .target = target.data(),
                 .weight = weight.data()});
    for (int64_t i = 0; i < count; ++i) {
      float* const rest = first + i * stride + width;
      if (codes > 0) std::memcpy(rest, code.data() + i * codes, static_cast<size_t>(codes) * 4);
      rest[codes] = target[static_cast<size_t>(i)];
      rest[codes + 1] = weight[static_cast<size_t>(i)];
    }
  };
  context.pool->Run(static_cast<int>((rows + kTaskRows - 1) / kTaskRows), fill);
  return compact;
}

std::optional<CompactColumns::View> CompactColumns::ViewOf(const plan::ModelShape& shape) const {
  View view;
  for (const plan::InputField& field : shape.fields) {
    const auto place = places_.find(field.column);
    if (place == places_.end()) return std::nullopt;
    std::vector<int32_t>& offsets = field.categorical ? view.codes : view.dense;
    for (int32_t i = 0; i < place->second.length; ++i) offsets.push_back(place->second.offset + i);
  }
  view.is_whole = static_cast<int32_t>(view.dense.size()) == dense_width_ &&
                  static_cast<int32_t>(view.codes.size()) == num_codes_;
  return view;
}

void CompactColumns::Copy(const View& view, std::span<const uint32_t> rows,
                          const nn::BatchRows& out) const {
  const size_t width = view.dense.size(), codes = view.codes.size();
  for (size_t i = 0; i < rows.size(); ++i) {
    const float* in = rows_.data() + static_cast<int64_t>(rows[i]) * stride_;
    if (out.dense != nullptr) {
      float* const dense = out.dense + static_cast<int64_t>(i) * out.dense_stride;
      if (view.is_whole) {
        std::copy_n(in, width, dense);
      } else {
        for (size_t j = 0; j < width; ++j) dense[j] = in[view.dense[j]];
      }
    }
    if (out.codes != nullptr) {
      for (size_t j = 0; j < codes; ++j) {
        std::memcpy(out.codes + i * codes + j, in + view.codes[j], sizeof(int32_t));
      }
    }
    if (out.target != nullptr) out.target[i] = in[stride_ - 2];
    if (out.weight != nullptr) out.weight[i] = in[stride_ - 1];
  }
}

}  // namespace winnow::train
