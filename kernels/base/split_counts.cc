#include <algorithm>
#include <cmath>

#include "kernels/base/dataset_profile.h"

namespace winnow {
namespace {

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Shares of `rows` for test and then validation, the rest for training.
SplitCounts Divide(const SplitSpec& split, int64_t rows) {
  SplitCounts counts;
  counts.test = RowsOfShare(split.test, rows);
  counts.validation = std::min(RowsOfShare(split.validation, rows), rows - counts.test);
  counts.train = rows - counts.test - counts.validation;
  return counts;
}

SplitCounts CountStratified(const DatasetProfile& profile, const SplitSpec& split) {
  if (profile.target.kind == TargetKind::kRegression) return Divide(split, profile.rows);
  SplitCounts counts;
  for (const int64_t rows : profile.target.class_counts) {
    const SplitCounts part = Divide(split, rows);
    counts.train += part.train;
    counts.validation += part.validation;
    counts.test += part.test;
  }
  return counts;
}

SplitCounts CountColumn(const DatasetProfile& profile, const SplitSpec& split) {
  SplitCounts counts;
  counts.train = profile.rows;
  if (split.column != profile.split_column) return counts;
  for (size_t i = 0; i < profile.split_values.size(); ++i) {
    const std::string& value = profile.split_values[i];
    if (Contains(split.test_values, value)) {
      counts.test += profile.split_value_counts[i];
    } else if (Contains(split.validation_values, value)) {
      counts.validation += profile.split_value_counts[i];
    }
  }
  counts.train -= counts.test + counts.validation;
  if (counts.validation == 0) {
    counts.validation = RowsOfShare(split.validation, counts.train);
    counts.train -= counts.validation;
  }
  return counts;
}

SplitCounts CountFiles(const DatasetProfile& profile, const SplitSpec& split) {
  SplitCounts counts;
  counts.train = profile.train_file_rows;
  counts.validation = profile.validation_file_rows;
  counts.test = profile.rows - counts.train - counts.validation;
  SplitSpec missing = split;
  if (counts.validation > 0) missing.validation = 0;
  if (counts.test > 0) missing.test = 0;
  const SplitCounts drawn = Divide(missing, profile.train_file_rows);
  counts.train = drawn.train;
  counts.validation += drawn.validation;
  counts.test += drawn.test;
  return counts;
}

SplitCounts CountFolds(const DatasetProfile& profile, const SplitSpec& split) {
  SplitCounts counts;
  const int64_t n = profile.rows;
  counts.train = n;
  if (split.folds < 1) return counts;
  counts.test = (split.fold + 1) * n / split.folds - split.fold * n / split.folds;
  counts.validation = std::min(RowsOfShare(split.validation, n), n - counts.test);
  counts.train = n - counts.test - counts.validation;
  return counts;
}

}  // namespace

int64_t RowsOfShare(double share, int64_t rows) {
  return std::llround(share * static_cast<double>(rows));
}

SplitCounts CountSplit(const DatasetProfile& profile, const SplitSpec& split) {
  switch (split.kind) {
    case SplitSpec::Kind::kStratified:
      return CountStratified(profile, split);
    case SplitSpec::Kind::kColumn:
      return CountColumn(profile, split);
    case SplitSpec::Kind::kFiles:
      return CountFiles(profile, split);
    case SplitSpec::Kind::kFolds:
      return CountFolds(profile, split);
    case SplitSpec::Kind::kGroup:
      if (split == profile.split) return profile.split_rows;
      break;
    case SplitSpec::Kind::kRandom:
    case SplitSpec::Kind::kTime:
      break;
  }
  return Divide(split, profile.rows);
}

}  // namespace winnow
