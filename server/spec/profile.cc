#include "server/spec/profile.h"

#include <algorithm>
#include <utility>

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

// Split.Kind has UNSPECIFIED = 0; the orders differ, so the pairs are listed.
constexpr std::pair<SplitSpec::Kind, v1::Split::Kind> kSplitKinds[] = {
    {SplitSpec::Kind::kRandom, v1::Split::KIND_RANDOM},
    {SplitSpec::Kind::kStratified, v1::Split::KIND_STRATIFIED},
    {SplitSpec::Kind::kColumn, v1::Split::KIND_COLUMN},
    {SplitSpec::Kind::kTime, v1::Split::KIND_TIME},
    {SplitSpec::Kind::kGroup, v1::Split::KIND_GROUP},
    {SplitSpec::Kind::kFiles, v1::Split::KIND_FILES},
    {SplitSpec::Kind::kFolds, v1::Split::KIND_FOLDS}};

v1::Split SplitToProto(const SplitSpec& split) {
  v1::Split to;
  for (const auto& [plain, proto] : kSplitKinds) {
    if (plain == split.kind) to.set_kind(proto);
  }
  if (!split.column.empty()) to.set_column(split.column);
  to.set_validation(split.validation);
  to.set_test(split.test);
  to.set_seed(static_cast<int64_t>(split.seed));
  to.set_folds(split.folds);
  to.set_fold(split.fold);
  to.mutable_validation_values()->Assign(split.validation_values.begin(),
                                         split.validation_values.end());
  to.mutable_test_values()->Assign(split.test_values.begin(), split.test_values.end());
  return to;
}

SplitSpec SplitFromProto(const v1::Split& proto) {
  SplitSpec split;
  for (const auto& [plain, wire] : kSplitKinds) {
    if (wire == proto.kind()) split.kind = plain;
  }
  split.column = proto.column();
  if (proto.has_validation()) split.validation = proto.validation();
  if (proto.has_test()) split.test = proto.test();
  if (proto.has_seed()) split.seed = static_cast<uint64_t>(proto.seed());
  if (proto.has_folds()) split.folds = proto.folds();
  if (proto.has_fold()) split.fold = proto.fold();
  if (proto.validation_values_size() > 0) {
    split.validation_values = {proto.validation_values().begin(), proto.validation_values().end()};
  }
  if (proto.test_values_size() > 0) {
    split.test_values = {proto.test_values().begin(), proto.test_values().end()};
  }
  return split;
}

}  // namespace winnow::spec
