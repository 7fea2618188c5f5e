#include "kernels/train/table_source.h"

#include <algorithm>
#include <cstddef>

namespace winnow::train {

std::vector<int32_t> ColumnsOf(const plan::ModelShape& shape) {
  std::vector<int32_t> columns;
  columns.reserve(shape.fields.size());
  for (const plan::InputField& field : shape.fields) columns.push_back(field.column);
  return columns;
}

TableSource::TableSource(const JobContext& context, const plan::ModelShape& shape)
    : gather_(*context.table, ColumnsOf(shape)),
      compact_(context.compact),
      is_regression_(context.loss == nn::LossKind::kSquared),
      target_shift_(static_cast<float>(context.table->target_mean())),
      target_scale_(static_cast<float>(1.0 / context.table->target_stddev())),
      has_weight_(context.table->table().shape().has_weight),
      weight_scale_(static_cast<float>(1.0 / context.mean_weight)) {
  if (compact_ != nullptr) view_ = compact_->ViewOf(shape);
}

void TableSource::Fill(int64_t begin, int64_t end, int /*thread*/, const nn::BatchRows& out) const {
  const auto n = static_cast<size_t>(end - begin);
  if (view_) return compact_->Copy(*view_, rows_.subspan(static_cast<size_t>(begin), n), out);
  gather_.Gather(rows_.subspan(static_cast<size_t>(begin), n), out.dense, out.dense_stride,
                 out.codes, out.target, out.weight);
  if (is_regression_ && out.target != nullptr) {
    for (size_t i = 0; i < n; ++i) out.target[i] = (out.target[i] - target_shift_) * target_scale_;
  }
  if (has_weight_ && out.weight != nullptr) {
    for (size_t i = 0; i < n; ++i) out.weight[i] *= weight_scale_;
  }
}

CachedSource::CachedSource(const JobContext& context, const plan::ModelShape& shape,
                           std::span<const uint32_t> rows) {
  TableSource source(context, shape);
  source.SetRows(rows);
  dense_width_ = source.gather().dense_width();
  num_categorical_ = source.gather().num_categorical();
  dense_.resize(rows.size() * static_cast<size_t>(dense_width_));
  codes_.resize(rows.size() * static_cast<size_t>(num_categorical_));
  target_.resize(rows.size());
  weight_.resize(rows.size());
  source.Fill(0, static_cast<int64_t>(rows.size()), 0,
              {.dense = dense_.data(),
               .dense_stride = dense_width_,
               .codes = codes_.data(),
               .target = target_.data(),
               .weight = weight_.data()});
}

void CachedSource::Fill(int64_t begin, int64_t end, int /*thread*/,
                        const nn::BatchRows& out) const {
  for (int64_t i = begin; i < end && dense_width_ > 0 && out.dense != nullptr; ++i) {
    std::copy_n(dense_.data() + i * dense_width_, dense_width_,
                out.dense + (i - begin) * out.dense_stride);
  }
  const int64_t n = end - begin;
  if (num_categorical_ > 0 && out.codes != nullptr) {
    std::copy_n(codes_.data() + begin * num_categorical_, n * num_categorical_, out.codes);
  }
  if (out.target != nullptr) std::copy_n(target_.data() + begin, n, out.target);
  if (out.weight != nullptr) std::copy_n(weight_.data() + begin, n, out.weight);
}

}  // namespace winnow::train
