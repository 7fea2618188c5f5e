#include "kernels/data/schema.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace winnow::data {
namespace {

// int32 codes, of which 0 is taken.
constexpr int64_t kMaxHashBuckets = INT32_MAX - 1;

class Checker {
 public:
  explicit Checker(const DatasetSchema& schema) : schema_(schema) {}

  std::vector<SchemaViolation> Run() {
    CheckFormat();
    CheckText();
    CheckTarget();
    CheckRoles();
    if (schema_.split) CheckSplit(*schema_.split);
    for (const auto& [name, column] : schema_.columns) CheckColumn(name, column);
    return std::move(violations_);
  }

 private:
  void Add(const std::string& path, const std::string& message) {
    violations_.push_back({path, message});
  }

  bool is_text() const {
    return !schema_.format || *schema_.format == FileFormat::kCsv ||
           *schema_.format == FileFormat::kTsv || *schema_.format == FileFormat::kCriteoTsv;
  }

  void CheckFormat() {
    if (!schema_.format) return;
    const FileFormat format = *schema_.format;
    if (format == FileFormat::kLibsvm || format == FileFormat::kLibfm) {
      Add("format", absl::StrCat(FileFormatName(format),
                                 " is not built yet; csv, tsv, criteo_tsv, parquet, arrow and npy "
                                 "are"));
    }
    const std::string only_text =
        absl::StrCat("applies to text, the format is ", FileFormatName(format));
    if (!is_text()) {
      if (schema_.header) Add("header", only_text);
      if (schema_.comment) Add("comment", only_text);
      if (schema_.delimiter) Add("delimiter", only_text);
    }
    if (format == FileFormat::kCriteoTsv) {
      if (schema_.header.value_or(false)) Add("header", "criteo_tsv has no header; must be false");
      if (!schema_.names.empty()) {
        Add("names", "criteo_tsv has fixed names: label, I1..I13, C1..C26");
      }
    }
    if ((format == FileFormat::kParquet || format == FileFormat::kArrow) &&
        !schema_.names.empty()) {
      Add("names", absl::StrCat(FileFormatName(format), " files name their columns themselves"));
    }
  }

  void CheckText() {
    std::set<std::string> seen;
    for (size_t i = 0; i < schema_.names.size(); ++i) {
      const std::string& name = schema_.names[i];
      const std::string path = absl::StrCat("names[", i, "]");
      if (name.empty()) Add(path, "must not be empty");
      if (!name.empty() && !seen.insert(name).second) {
        Add(path, absl::StrCat("'", name, "' is named twice"));
      }
    }
    if (schema_.comment && schema_.comment->empty()) Add("comment", "must not be empty");
    if (!schema_.delimiter) return;
    const std::string& delimiter = *schema_.delimiter;
    if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
      Add("delimiter", absl::StrCat("must be one character other than a quote or a line end, got '",
                                    delimiter, "'"));
    } else if (schema_.format && *schema_.format != FileFormat::kCsv && is_text() &&
               delimiter != "\t") {
      Add("delimiter", absl::StrCat("must be a tab for ", FileFormatName(*schema_.format),
                                    ", got '", delimiter, "'"));
    }
  }

  void CheckTarget() {
    const TargetSchema& target = schema_.target;
    if (target.column && target.column->empty()) Add("target.column", "must not be empty");
    if (target.column && target.file) {
      Add("target.file", "the labels come from a column or from a file, not from both");
    }
    if (target.kind && *target.kind != TargetKind::kBinary && !target.positive.empty()) {
      Add("target.positive", "applies to a binary target only");
    }
  }

  void CheckRoles() {
    const std::optional<std::string>& target = schema_.target.column;
    if (schema_.weight && schema_.weight == target) Add("weight", "is the target column");
    if (schema_.group && schema_.group == target) Add("group", "is the target column");
    if (schema_.group && schema_.group == schema_.weight) Add("group", "is the weight column");
  }

  void CheckShare(const std::string& path, double share) {
    if (!(share >= 0 && share < 1)) Add(path, absl::StrCat("must be in [0, 1), got ", share));
  }

  void CheckSplit(const SplitSpec& split) {
    using Kind = SplitSpec::Kind;
    CheckShare("split.validation", split.validation);
    CheckShare("split.test", split.test);
    if (split.kind != Kind::kFolds && split.kind != Kind::kColumn &&
        split.validation + split.test >= 1) {
      Add("split.test",
          absl::StrCat("validation + test must be < 1, got ", split.validation + split.test));
    }
    if ((split.kind == Kind::kColumn || split.kind == Kind::kTime) && split.column.empty()) {
      Add("split.column", "must name the column that decides");
    }
    if (split.kind == Kind::kGroup && split.column.empty() && !schema_.group) {
      Add("split.column", "must name the column that groups rows, or `group` must");
    }
    if (!split.column.empty() && split.column == schema_.target.column) {
      Add("split.column", "is the target column");
    }
    if (split.kind == Kind::kFolds) {
      if (split.folds < 2 || split.folds > 100) {
        Add("split.folds", absl::StrCat("must be in [2, 100], got ", split.folds));
      } else if (split.fold < 0 || split.fold >= split.folds) {
        Add("split.fold", absl::StrCat("must be in [0, ", split.folds - 1, "], got ", split.fold));
      }
    }
  }

  void CheckColumn(const std::string& name, const ColumnSchema& column) {
    const std::string path = absl::StrCat("columns.", name);
    if (name.empty()) Add("columns", "a column must have a name");
    if (schema_.target.column == name && column.kind && *column.kind == ColumnRole::kIgnore) {
      Add(absl::StrCat(path, ".kind"), "the target cannot be ignored");
    }
    const bool numeric = column.kind && *column.kind == ColumnRole::kNumeric;
    const bool categorical = column.kind && *column.kind == ColumnRole::kCategorical;
    if (categorical && column.transform) {
      Add(absl::StrCat(path, ".transform"), "applies to numeric columns only");
    }
    if (numeric && (column.min_count || column.hash_buckets)) {
      Add(absl::StrCat(path, ".vocabulary"), "applies to categorical columns only");
    }
    if (column.min_count && column.hash_buckets) {
      Add(absl::StrCat(path, ".vocabulary"), "is a dictionary or hashed, not both");
    }
    if (column.min_count && *column.min_count < 1) {
      Add(absl::StrCat(path, ".vocabulary.dictionary.min_count"),
          absl::StrCat("must be >= 1, got ", *column.min_count));
    }
    if (column.hash_buckets &&
        (*column.hash_buckets < 2 || *column.hash_buckets > kMaxHashBuckets)) {
      Add(absl::StrCat(path, ".vocabulary.hash_buckets"),
          absl::StrCat("must be in [2, ", kMaxHashBuckets, "], got ", *column.hash_buckets));
    }
    if (column.separator) {
      Add(absl::StrCat(path, ".separator"), "multi-valued columns are not built yet");
    } else if (column.pooling) {
      Add(absl::StrCat(path, ".pooling"), "applies to multi-valued columns only");
    }
    if (column.quantiles) {
      if (*column.quantiles < 2 || *column.quantiles > 65536) {
        Add(absl::StrCat(path, ".quantiles"),
            absl::StrCat("must be in [2, 65536], got ", *column.quantiles));
      }
      if (column.transform != Transform::kQuantile) {
        Add(absl::StrCat(path, ".quantiles"), "applies to the transform quantile only");
      }
    }
  }

  const DatasetSchema& schema_;
  std::vector<SchemaViolation> violations_;
};

}  // namespace

std::vector<SchemaViolation> ValidateSchema(const DatasetSchema& schema) {
  return Checker(schema).Run();
}

std::string FormatViolations(const std::vector<SchemaViolation>& violations) {
  std::string text;
  for (const SchemaViolation& violation : violations) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", violation.path, ": ", violation.message);
  }
  return text;
}

const char* FileFormatName(FileFormat format) {
  switch (format) {
    case FileFormat::kCsv:
      return "csv";
    case FileFormat::kTsv:
      return "tsv";
    case FileFormat::kCriteoTsv:
      return "criteo_tsv";
    case FileFormat::kLibsvm:
      return "libsvm";
    case FileFormat::kLibfm:
      return "libfm";
    case FileFormat::kParquet:
      return "parquet";
    case FileFormat::kArrow:
      return "arrow";
    case FileFormat::kNpy:
      return "npy";
  }
  return "";
}

std::vector<std::string> DefaultMissingTexts() { return {"", "?", "NA"}; }

std::vector<std::string> CriteoColumnNames() {
  std::vector<std::string> names = {"label"};
  for (int i = 1; i <= 13; ++i) names.push_back(absl::StrCat("I", i));
  for (int i = 1; i <= 26; ++i) names.push_back(absl::StrCat("C", i));
  return names;
}

}  // namespace winnow::data
