#include "kernels/data/column_gather.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace winnow::data {

ColumnGather::ColumnGather(const TrainingTable& table, std::span<const int32_t> columns)
    : table_(&table), is_whole_(columns.size() == table.layout().features.size()) {
  const std::vector<FeatureLayout>& features = table.layout().features;
  std::vector<int32_t> source_of(features.size(), -1);
  int32_t source = 0;
  for (const FeatureLayout& feature : features) {
    if (!feature.categorical) source_of[feature.column] = source++;
  }
  for (const int32_t column : columns) {
    const FeatureLayout& feature = features[column];
    if (feature.categorical) {
      slots_.push_back(feature.code_slot);
      maps_.push_back(table.code_map(feature.code_slot));
      continue;
    }
    const NumericFit& fit = table.numeric_fits()[source_of[column]];
    Numeric numeric;
    numeric.source = source_of[column];
    numeric.value = dense_width_++;
    numeric.table_value = feature.value_offset;
    if (feature.indicator_offset >= 0) numeric.indicator = dense_width_++;
    numeric.centre = fit.centre;
    numeric.scale = fit.scale;
    numeric.bound = fit.bound;
    numeric.is_affine = feature.indicator_offset < 0 && fit.cuts.empty();
    numeric_.push_back(numeric);
  }
  std::vector<int32_t> offsets = {table.table().shape().target_offset()};
  for (const Numeric& numeric : numeric_) offsets.push_back(4 * numeric.source);
  for (const int32_t slot : slots_) {
    offsets.push_back(table.table().shape().code_offset() + 4 * slot);
  }
  std::sort(offsets.begin(), offsets.end());
  prefetch_ = RowPrefetch(offsets);
}

void ColumnGather::Gather(std::span<const uint32_t> rows, float* dense, int64_t dense_stride,
                          int32_t* codes, float* target, float* weight) const {
  if (is_whole_) return table_->Gather(rows, dense, dense_stride, codes, target, weight);
  const PackedTable& packed = table_->table();
  const std::vector<NumericFit>& fits = table_->numeric_fits();
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint32_t row = rows[i];
    prefetch_.Ask(packed, rows, i);
    if (dense != nullptr) {
      const float* in = packed.numeric(row);
      float* out = dense + static_cast<int64_t>(i) * dense_stride;
      for (const Numeric& column : numeric_) {
        const float x = in[column.source];
        if (column.is_affine) {
          const float z = (x - column.centre) * column.scale;
          out[column.value] = std::min(std::max(z, -column.bound), column.bound);
          continue;
        }
        const NumericFit& fit = fits[column.source];
        out[column.value] = MapNumeric(fit, x);
        if (column.indicator >= 0) {
          out[column.indicator] = std::isnan(x) ? fit.indicator_missing : fit.indicator_present;
        }
      }
    }
    if (codes != nullptr) {
      const int32_t* in = packed.codes(row);
      int32_t* out = codes + i * slots_.size();
      for (size_t s = 0; s < slots_.size(); ++s) {
        const int32_t code = in[slots_[s]];
        out[s] = maps_[s] == nullptr ? code : maps_[s][code];
      }
    }
    if (target != nullptr) target[i] = packed.target(row);
    if (weight != nullptr) weight[i] = packed.weight(row);
  }
}

std::vector<float> ColumnGather::DenseRms() const {
  std::vector<float> rms(static_cast<size_t>(dense_width_));
  for (const Numeric& column : numeric_) {
    rms[column.value] = table_->dense_rms()[column.table_value];
    if (column.indicator >= 0) rms[column.indicator] = table_->dense_rms()[column.table_value + 1];
  }
  return rms;
}

std::vector<std::span<const int64_t>> ColumnGather::CodeCounts() const {
  std::vector<std::span<const int64_t>> counts;
  for (const int32_t slot : slots_) counts.push_back(table_->code_counts(slot));
  return counts;
}

}  // namespace winnow::data
