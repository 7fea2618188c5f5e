#include "server/spec/profile.h"

#include <algorithm>

namespace winnow::spec {
namespace {

v1::ColumnProfile ColumnToProto(const ColumnProfile& column) {
  v1::ColumnProfile to;
  to.set_name(column.name);
  to.set_missing(column.missing);
  if (column.kind == ColumnKind::kNumeric) {
    to.set_kind(v1::ColumnSchema::KIND_NUMERIC);
    to.set_mean(column.mean);
    to.set_sd(column.stddev);
    to.set_min(column.min);
    to.set_max(column.max);
  } else {
    to.set_kind(v1::ColumnSchema::KIND_CATEGORICAL);
    // Code 0 stands for missing and unknown.
    to.set_vocabulary_size(std::max<int64_t>(0, column.vocabulary - 1));
    to.set_hash_collisions(column.hash_collisions);
  }
  return to;
}

v1::TargetProfile TargetToProto(const TargetProfile& target) {
  v1::TargetProfile to;
  to.set_column(target.name);
  switch (target.kind) {
    case TargetKind::kBinary:
      to.set_kind(v1::Target::KIND_BINARY);
      break;
    case TargetKind::kMulticlass:
      to.set_kind(v1::Target::KIND_MULTICLASS);
      break;
    case TargetKind::kRegression:
      to.set_kind(v1::Target::KIND_REGRESSION);
      to.set_mean(target.mean);
      to.set_sd(target.stddev);
      break;
  }
  for (size_t c = 0; c < target.classes.size(); ++c) {
    auto& entry = *to.add_classes();
    entry.set_name(target.classes[c]);
    if (c < target.class_counts.size()) entry.set_rows(target.class_counts[c]);
  }
  return to;
}

}  // namespace

v1::DatasetProfile ProfileToProto(const DatasetProfile& profile) {
  v1::DatasetProfile to;
  to.set_rows(profile.rows);
  for (const ColumnProfile& column : profile.columns) *to.add_columns() = ColumnToProto(column);
  *to.mutable_target() = TargetToProto(profile.target);
  to.set_test_rows(profile.rows - profile.train_file_rows);
  to.set_dropped_rows(profile.dropped_rows);
  return to;
}

v1::Split SplitToProto(const SplitSpec& split) {
  v1::Split to;
  using Kind = SplitSpec::Kind;
  switch (split.kind) {
    case Kind::kRandom:
      to.set_kind(v1::Split::KIND_RANDOM);
      break;
    case Kind::kStratified:
      to.set_kind(v1::Split::KIND_STRATIFIED);
      break;
    case Kind::kColumn:
      to.set_kind(v1::Split::KIND_COLUMN);
      break;
    case Kind::kTime:
      to.set_kind(v1::Split::KIND_TIME);
      break;
    case Kind::kGroup:
      to.set_kind(v1::Split::KIND_GROUP);
      break;
    case Kind::kFiles:
      to.set_kind(v1::Split::KIND_FILES);
      break;
  }
  if (!split.column.empty()) to.set_column(split.column);
  to.set_validation(split.validation);
  to.set_test(split.test);
  to.set_seed(static_cast<int64_t>(split.seed));
  return to;
}

}  // namespace winnow::spec
