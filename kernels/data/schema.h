// How raw files are to be read: the plain mirror of winnow.v1.DatasetSchema. Absent = to be
// inferred.
#ifndef WINNOW_KERNELS_DATA_SCHEMA_H_
#define WINNOW_KERNELS_DATA_SCHEMA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/base/dataset_profile.h"

namespace winnow::data {

enum class FileFormat { kCsv, kTsv, kCriteoTsv, kLibsvm, kLibfm, kParquet, kArrow, kNpy };

struct TargetSchema {
  std::optional<std::string> column;
  std::optional<TargetKind> kind;
  std::vector<std::string>
      positive;  // texts of the positive class; empty = the greater of the two values
  std::optional<std::string> file;  // declared name of the labels file; excludes `column`

  bool operator==(const TargetSchema&) const = default;
};

enum class ColumnRole { kNumeric, kCategorical, kIgnore };

enum class Pooling { kMean, kSum };

struct ColumnSchema {
  std::optional<ColumnRole> kind;
  std::optional<Transform> transform;   // numeric only; default standardize
  std::optional<int64_t> min_count;     // dictionary; default 1: every value seen in a training row
  std::optional<int64_t> hash_buckets;  // hashed instead of a dictionary
  std::optional<std::string> separator;  // multi-valued
  std::optional<Pooling> pooling;
  std::optional<int32_t> quantiles;  // cut points of Transform::kQuantile; default 1000

  bool operator==(const ColumnSchema&) const = default;
};

struct DatasetSchema {
  std::optional<FileFormat> format;
  std::optional<bool> header;            // default inferred; false when `names` is given
  std::vector<std::string> names;        // column names in file order
  std::optional<std::string> comment;    // text lines that start with it are skipped
  std::optional<bool> trim;              // default true
  std::optional<std::string> delimiter;  // one character
  std::optional<std::vector<std::string>>
      missing;  // default "", "?", "NA"; compared after trimming
  TargetSchema target;
  std::optional<std::string> weight;
  std::optional<std::string> group;
  std::optional<SplitSpec> split;  // default random, or files when there is a test file
  std::map<std::string, ColumnSchema> columns;

  bool operator==(const DatasetSchema&) const = default;
};

// One problem of a schema; `path` is relative to DatasetSchema ("columns.age.transform").
struct SchemaViolation {
  std::string path;
  std::string message;  // "must be >= 1, got 0"

  bool operator==(const SchemaViolation&) const = default;
};

// Everything that is wrong with `schema` without looking at the data, in the order of its fields.
std::vector<SchemaViolation> ValidateSchema(const DatasetSchema& schema);

// The violations as one line for an error message; empty when there are none.
std::string FormatViolations(const std::vector<SchemaViolation>& violations);

// Names as written in schema files.
const char* FileFormatName(FileFormat format);

// Texts that mean "missing" unless the schema says otherwise.
std::vector<std::string> DefaultMissingTexts();

// Columns of the raw Criteo layout: label, I1..I13, C1..C26.
std::vector<std::string> CriteoColumnNames();

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_SCHEMA_H_
