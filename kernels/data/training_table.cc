#include "kernels/data/training_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "kernels/base/large_table.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr size_t kMaxMeasuredRows = 65536;
// Of a large table that are walked through before their pages are given back: a page that is read
// maps fifteen neighbours with it.
constexpr int64_t kReleaseBytes = int64_t{32} << 20;

// out[j] = clamp((in[j] - centre[j]) scale[j], -bound, bound), in that order of operations.
void BoundedAffine(const float* __restrict in, const float* __restrict centre,
                   const float* __restrict scale, float bound, int32_t n, float* __restrict out) {
  for (int32_t j = 0; j < n; ++j) {
    const float z = (in[j] - centre[j]) * scale[j];
    const float low = z < -bound ? -bound : z;
    out[j] = low > bound ? bound : low;
  }
}

}  // namespace

TrainingTable::TrainingTable(const PackedTable* table, const DatasetProfile& profile,
                             const SplitSpec& split, SplitRows rows, TableFit fit)
    : table_(table),
      profile_(profile),
      split_(split),
      rows_(std::move(rows)),
      fit_(std::move(fit)),
      layout_(MakeLayout(profile)) {
  PlanGather();
}

absl::StatusOr<TrainingTable> TrainingTable::Create(const PackedTable* table,
                                                    const DatasetProfile& profile,
                                                    const SplitSpec& split) {
  ASSIGN_OR_RETURN(SplitRows rows, MakeSplit(*table, profile, split));
  ASSIGN_OR_RETURN(TableFit fit, FitTable(*table, profile, rows));
  TrainingTable result(table, profile, split, std::move(rows), std::move(fit));
  result.MeasureDense();
  return result;
}

void TrainingTable::Save(const std::string& prefix, Checkpoint* checkpoint) const {
  checkpoint->Put(prefix + "/identity", Identity());
  checkpoint->PutArray(prefix + "/dense_rms", std::span<const float>(dense_rms_));
  SaveFit(fit_, prefix, checkpoint);
}

absl::StatusOr<TrainingTable> TrainingTable::Load(const PackedTable* table,
                                                  const DatasetProfile& profile,
                                                  const SplitSpec& split,
                                                  const Checkpoint& checkpoint,
                                                  const std::string& prefix) {
  ASSIGN_OR_RETURN(SplitRows rows, MakeSplit(*table, profile, split));
  ASSIGN_OR_RETURN(TableFit fit, LoadFit(profile, prefix, checkpoint));
  TrainingTable result(table, profile, split, std::move(rows), std::move(fit));
  ASSIGN_OR_RETURN(const std::string identity, checkpoint.Get(prefix + "/identity"));
  if (identity != result.Identity()) {
    return absl::DataLossError(absl::StrCat("checkpoint section '", prefix, "' was made for ",
                                            identity, ", this job has ", result.Identity()));
  }
  result.dense_rms_.resize(static_cast<size_t>(result.layout_.dense_width));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/dense_rms", std::span<float>(result.dense_rms_)));
  return result;
}

std::string TrainingTable::Identity() const {
  return absl::StrFormat(
      "table %s, %d columns, split %d of column '%s', validation %.17g (%s), "
      "test %.17g (%s), seed %d, fold %d of %d, rows %d + %d + %d",
      profile_.table_sha256, profile_.columns.size(), static_cast<int>(split_.kind), split_.column,
      split_.validation, absl::StrJoin(split_.validation_values, ","), split_.test,
      absl::StrJoin(split_.test_values, ","), split_.seed, split_.fold, split_.folds,
      rows_.train.size(), rows_.validation.size(), rows_.test.size());
}

void TrainingTable::PlanGather() {
  int32_t source = 0;
  for (const FeatureLayout& feature : layout_.features) {
    if (feature.categorical) {
      if (!fit_.categorical[feature.code_slot].identity) mapped_slots_.push_back(feature.code_slot);
      continue;
    }
    const NumericFit& fit = fit_.numeric[source];
    centre_.push_back(fit.centre);
    scale_.push_back(fit.scale);
    if (feature.indicator_offset >= 0 || !fit.cuts.empty()) {
      loose_.push_back({source, feature.value_offset, feature.indicator_offset});
    } else if (!runs_.empty() && runs_.back().bound == fit.bound &&
               runs_.back().source + runs_.back().length == source &&
               runs_.back().target + runs_.back().length == feature.value_offset) {
      ++runs_.back().length;
    } else {
      runs_.push_back({source, feature.value_offset, 1, fit.bound});
    }
    ++source;
  }
  std::vector<int32_t> offsets;
  for (int32_t at = 0; at < table_->stride(); at += 4) offsets.push_back(at);
  prefetch_ = RowPrefetch(offsets);
}

void TrainingTable::MeasureDense() {
  const auto width = static_cast<size_t>(layout_.dense_width);
  const size_t step = (rows_.train.size() + kMaxMeasuredRows - 1) / kMaxMeasuredRows;
  std::vector<double> squares(width);
  std::vector<float> input(width);
  size_t measured = 0, i = 0;
  const int64_t release_rows = std::max<int64_t>(1, kReleaseBytes / table_->stride());
  int64_t released = 0;
  for (const uint32_t row : rows_.train) {
    if (i++ % step != 0) continue;
    ++measured;
    if (row > released + release_rows) {
      ReleaseRange(released, row);
      released = row;
    }
    GatherDense(table_->numeric(row), input.data());
    for (size_t j = 0; j < width; ++j) squares[j] += static_cast<double>(input[j]) * input[j];
  }
  dense_rms_.resize(width);
  for (size_t j = 0; j < width; ++j) {
    dense_rms_[j] = static_cast<float>(std::sqrt(squares[j] / static_cast<double>(measured)));
  }
  ReleaseRange(released, table_->rows());
}

void TrainingTable::Release(std::span<const uint32_t> rows) const {
  if (!rows.empty()) ReleaseRange(rows.front(), int64_t{rows.back()} + 1);
}

void TrainingTable::ReleaseRange(int64_t begin, int64_t end) const {
  if (IsLargeTable(table_->file_bytes(), table_->rows())) table_->Release(begin, end);
}

void TrainingTable::GatherDense(const float* source, float* dense) const {
  for (const DenseRun& run : runs_) {
    BoundedAffine(source + run.source, centre_.data() + run.source, scale_.data() + run.source,
                  run.bound, run.length, dense + run.target);
  }
  for (const LooseColumn& column : loose_) {
    const NumericFit& fit = fit_.numeric[column.source];
    const float x = source[column.source];
    dense[column.value] = MapNumeric(fit, x);
    if (column.indicator >= 0) {
      dense[column.indicator] = std::isnan(x) ? fit.indicator_missing : fit.indicator_present;
    }
  }
}

void TrainingTable::Gather(std::span<const uint32_t> rows, float* dense, int64_t dense_stride,
                           int32_t* codes, float* target, float* weight) const {
  const size_t code_bytes = static_cast<size_t>(layout_.num_categorical) * sizeof(int32_t);
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint32_t row = rows[i];
    prefetch_.Ask(*table_, rows, i);
    if (dense != nullptr) GatherDense(table_->numeric(row), dense + i * dense_stride);
    if (codes != nullptr && code_bytes > 0) {
      int32_t* out = codes + i * layout_.num_categorical;
      std::memcpy(out, table_->codes(row), code_bytes);
      for (const int32_t slot : mapped_slots_) out[slot] = fit_.categorical[slot].map[out[slot]];
    }
    if (target != nullptr) target[i] = table_->target(row);
    if (weight != nullptr) weight[i] = table_->weight(row);
  }
}

}  // namespace winnow::data
