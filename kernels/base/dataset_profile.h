// What is known of an imported dataset without opening its table: the plain, serialisable summary
// from which a job's Plan is made. Written as profile.json by the import, stored by the server.
#ifndef WINNOW_KERNELS_BASE_DATASET_PROFILE_H_
#define WINNOW_KERNELS_BASE_DATASET_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace winnow {

enum class ColumnKind { kNumeric, kCategorical };
enum class TargetKind { kBinary, kMulticlass, kRegression };

// Maps a stored numeric value before standardisation. log1p, criteo_log2 and none are stateless;
// min_max, standardize and quantile are fitted on a job's training rows.
enum class Transform { kNone, kStandardize, kMinMax, kLog1p, kQuantile, kCriteoLog2 };

// One feature column, in table order.
struct ColumnProfile {
  std::string name;
  ColumnKind kind = ColumnKind::kNumeric;
  Transform transform = Transform::kStandardize;
  int64_t missing = 0;  // rows without a value
  // Numeric: statistics over all present rows, after a stateless transform.
  double mean = 0, stddev = 0, min = 0, max = 0;
  // Categorical: codes are 0..vocabulary-1. Code 0 means missing or unknown, so a column with n
  // distinct values has vocabulary n + 1 (dictionary) or hash_buckets + 1 (hashed).
  int64_t vocabulary = 0;
  int64_t min_count = 0;  // values rarer than this on training rows become unknown
  bool hashed = false;
  int64_t hash_collisions = 0;  // distinct values that share a bucket with an earlier one
  int32_t quantiles = 1000;     // cut points of Transform::kQuantile
};

struct TargetProfile {
  std::string name;
  TargetKind kind = TargetKind::kBinary;
  std::vector<std::string> classes;   // label of class 0, 1, ...; binary: {negative, positive}
  std::vector<int64_t> class_counts;  // rows per class
  double mean = 0, stddev = 0;        // regression
  double min = 0, max = 0;            // regression
};

// How rows are divided into training, validation and test rows.
struct SplitSpec {
  enum class Kind { kRandom, kStratified, kColumn, kTime, kGroup, kFiles, kFolds };
  Kind kind = Kind::kRandom;
  std::string
      column;  // kColumn: values train/validation/test; kTime: sorted by; kGroup: kept together
  double validation = 0.1;  // share of rows; kFiles: share of the training files' rows
  double test = 0.1;        // share of rows; kFiles: unused, the test file is the test part
  uint64_t seed = 7;
  int32_t folds = 5;  // kFolds: number of equal parts
  int32_t fold = 0;   // kFolds: the part that is test, 0..folds-1
  // kColumn: values of `column` that mark the parts; every other value marks training rows.
  std::vector<std::string> validation_values = {"validation", "valid", "val"};
  std::vector<std::string> test_values = {"test"};
  bool operator==(const SplitSpec&) const = default;
};

// Rows of every part of a split.
struct SplitCounts {
  int64_t train = 0, validation = 0, test = 0;
  bool operator==(const SplitCounts&) const = default;
};

struct DatasetProfile {
  int64_t rows = 0;
  // Rows [0, train_file_rows) come from training files, the next validation_file_rows from
  // validation files, the rest from test files.
  int64_t train_file_rows = 0;
  int64_t validation_file_rows = 0;
  int64_t dropped_rows = 0;  // rows without a target
  std::vector<ColumnProfile> columns;
  TargetProfile target;
  bool has_weight = false;
  bool has_group = false;
  SplitSpec split;         // the dataset's own; a job may override it
  SplitCounts split_rows;  // of the dataset's own split, exact
  // What a job's own split can refer to besides the files: columns kept in the table for this
  // purpose.
  std::string group_column;                 // empty: none
  std::string time_column;                  // empty: none
  std::string split_column;                 // empty: none
  std::vector<std::string> split_values;    // its values; the table holds indices
  std::vector<int64_t> split_value_counts;  // rows per value
  int64_t table_bytes = 0;
  std::string table_sha256;  // lower-case hex
  std::vector<std::string> warnings;
};

// round(share * rows): the size of a part that is a share of some rows.
int64_t RowsOfShare(double share, int64_t rows);

// Rows of every part under `split`. Exact, except for a group split that is not the dataset's own
// (whole groups move: each part is then off by at most the largest group). A column split by
// another column than split_column counts all rows as training rows; data/ refuses it.
SplitCounts CountSplit(const DatasetProfile& profile, const SplitSpec& split);

// JSON with snake_case keys; doubles in shortest round-trip form. FromJson names the bad key.
nlohmann::json ToJson(const DatasetProfile& profile);
absl::StatusOr<DatasetProfile> DatasetProfileFromJson(const nlohmann::json& json);

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_DATASET_PROFILE_H_
