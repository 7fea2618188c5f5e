#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/base/status.h"
#include "kernels/data/import/column_sample.h"
#include "kernels/data/import/import.h"
#include "kernels/data/import/input_files.h"
#include "kernels/data/import/open_source.h"
#include "kernels/data/import/target_encoder.h"

namespace winnow::data {
namespace {

// A column is called an id only when it had this many chances not to be one.
constexpr int64_t kLeastRowsOfAnId = 20;
// A numeric target of whole numbers is a class when it has at most this many values, each of them
// three times.
constexpr size_t kMaxNumericClasses = 100;
constexpr int64_t kLeastRowsOfAClass = 3;

class Inference {
 public:
  Inference(const std::vector<InputFile>& files, const DatasetSchema& partial,
            const ImportOptions& options)
      : files_(files), options_(options) {
    result_.schema = partial;
    for (const auto& [name, column] : partial.columns) {
      if (column.kind) result_.declared.insert(name);
    }
  }

  absl::StatusOr<InferredSchema> Run() {
    RETURN_IF_ERROR(CheckSchema());
    RETURN_IF_ERROR(CheckInputFiles(files_, schema()));
    RETURN_IF_ERROR(CompleteDialect(FirstTable(files_), &schema()));
    RETURN_IF_ERROR(CheckSchema());
    RETURN_IF_ERROR(FindColumns());
    RETURN_IF_ERROR(Sample());
    RETURN_IF_ERROR(DecideTarget());
    DecideColumns();
    DecideSplit();
    RETURN_IF_ERROR(CheckFeatures());
    return std::move(result_);
  }

 private:
  DatasetSchema& schema() { return result_.schema; }
  void Warn(const std::string& text) { result_.warnings.push_back(text); }

  absl::Status CheckSchema() {
    const auto violations = ValidateSchema(schema());
    if (violations.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("schema: ", FormatViolations(violations)));
  }

  // Names and roles of the columns of the first table.
  absl::Status FindColumns() {
    SourceLimits limits{options_.block_bytes, options_.sample_bytes};
    ASSIGN_OR_RETURN(const auto source, OpenSource(FirstTable(files_), schema(), limits));
    names_ = source->names();
    samples_.resize(names_.size());
    ChooseTarget();
    std::vector<std::pair<std::string, std::string>> wanted;  // field of the schema, column
    const auto want = [&wanted](const std::string& field,
                                const std::optional<std::string>& column) {
      if (column && !column->empty()) wanted.emplace_back(field, *column);
    };
    want("target.column", schema().target.column);
    want("weight", schema().weight);
    want("group", schema().group);
    if (schema().split) want("split.column", schema().split->column);
    for (const auto& [name, column] : schema().columns) want(absl::StrCat("columns.", name), name);
    std::vector<std::string> unknown;
    for (const auto& [field, column] : wanted) {
      if (std::find(names_.begin(), names_.end(), column) != names_.end()) continue;
      unknown.push_back(absl::StrCat(field, ": there is no column ", Quoted(column)));
    }
    if (unknown.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(absl::StrJoin(unknown, "; "), " in ",
                                                   DisplayName(FirstTable(files_)),
                                                   "; its columns are ", ListColumns(names_)));
  }

  void ChooseTarget() {
    if (const InputFile* labels = LabelsFile(files_)) {
      schema().target.file = DisplayName(*labels);
      return;
    }
    if (schema().target.column) return;
    if (*schema().format == FileFormat::kCriteoTsv) {
      schema().target.column = "label";
      return;
    }
    std::vector<std::string> named;
    for (const std::string& name : names_) {
      const std::string lower = absl::AsciiStrToLower(name);
      if (lower == "target" || lower == "label" || lower == "class" || lower == "y") {
        named.push_back(name);
      }
    }
    schema().target.column = named.size() == 1 ? named[0] : names_.back();
    Warn(absl::StrCat("the target is taken to be ", Quoted(*schema().target.column), ", the ",
                      named.size() == 1 ? "column of that name" : "last column"));
  }

  absl::Status Sample() {
    for (const InputFile& file : DataFiles(files_)) {
      const SourceLimits limits{options_.block_bytes, options_.sample_bytes};
      ASSIGN_OR_RETURN(const auto source, OpenSource(file, schema(), limits));
      ASSIGN_OR_RETURN(const std::vector<int32_t> position,
                       MatchColumns(names_, *source, file, FirstTable(files_)));
      RETURN_IF_ERROR(SampleFile(source.get(), position));
      is_complete_ &= source->is_complete();
    }
    if (const InputFile* labels = LabelsFile(files_)) {
      ASSIGN_OR_RETURN(const std::vector<Cell> cells, ReadLabels(*labels));
      labels_.Add(cells);
    }
    return absl::OkStatus();
  }

  absl::Status SampleFile(TableSource* source, const std::vector<int32_t>& position) {
    std::vector<Cell> cells;
    while (true) {
      ASSIGN_OR_RETURN(const int64_t rows, source->NextBatch());
      if (rows == 0) return absl::OkStatus();
      result_.sampled_rows += rows;
      for (size_t i = 0; i < names_.size(); ++i) {
        const auto column = schema().columns.find(names_[i]);
        const bool is_target = schema().target.column == names_[i];
        if (!is_target && column != schema().columns.end() && column->second.kind) continue;
        RETURN_IF_ERROR(source->ReadColumn(position[i], &cells));
        if (is_target) labels_.Add(cells);
        samples_[i].Add(cells);
      }
    }
  }

  absl::Status DecideTarget() {
    TargetSchema& target = schema().target;
    const std::string name = Quoted(target.column ? *target.column : *target.file);
    if (labels_.present() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("target ", name, ": no value in the first ", result_.sampled_rows, " rows"));
    }
    if (!target.kind) {
      if (labels_.is_overfull() && !labels_.is_numeric()) {
        return absl::InvalidArgumentError(
            absl::StrCat("target ", name, " holds more than ", LabelSample::kMaxLabels,
                         " different texts; is another column the target?"));
      }
      target.kind = InferTargetKind();
      if (*target.kind != TargetKind::kRegression && labels_.is_numeric() &&
          labels_.labels().size() > 2) {
        Warn(absl::StrCat("target ", name, " has ", labels_.labels().size(),
                          " different numbers and is taken as classes; kind: regression if it is "
                          "a quantity"));
      }
    }
    if (*target.kind == TargetKind::kBinary && target.positive.empty()) InferPositive(name);
    return absl::OkStatus();
  }

  TargetKind InferTargetKind() const {
    const size_t distinct = MergedLabels().size();
    if (distinct <= 2 && !labels_.is_overfull()) return TargetKind::kBinary;
    if (!labels_.is_numeric()) return TargetKind::kMulticlass;
    const bool are_classes =
        labels_.is_whole() && !labels_.is_overfull() && distinct <= kMaxNumericClasses &&
        static_cast<int64_t>(distinct) * kLeastRowsOfAClass <= labels_.present();
    return are_classes ? TargetKind::kMulticlass : TargetKind::kRegression;
  }

  // Labels without a final dot, by which some files mark their test rows (">50K.").
  std::set<std::string> MergedLabels() const {
    std::set<std::string> merged;
    for (const auto& [label, rows] : labels_.labels()) merged.insert(WithoutDot(label));
    return merged;
  }
  static std::string WithoutDot(const std::string& label) {
    return label.size() > 1 && label.back() == '.' ? label.substr(0, label.size() - 1) : label;
  }

  void InferPositive(const std::string& name) {
    const std::set<std::string> merged = MergedLabels();
    if (merged.size() != 2) return;  // the import refuses it with the counts of all rows
    std::vector<std::string> order(merged.begin(), merged.end());
    std::sort(order.begin(), order.end(), LabelLess);
    // Two plain labels stay open here, so that a third one far down in the file is an error.
    if (labels_.labels().size() > 2) {
      for (const auto& [label, rows] : labels_.labels()) {
        if (WithoutDot(label) == order[1]) schema().target.positive.push_back(label);
      }
    } else {
      order = {labels_.labels().begin()->first, labels_.labels().rbegin()->first};
      std::sort(order.begin(), order.end(), LabelLess);
    }
    if (labels_.is_numeric()) return;
    Warn(absl::StrCat("target ", name, ": the positive class is taken to be ", Quoted(order[1]),
                      ", the greater of the two values"));
  }

  void DecideColumns() {
    for (size_t i = 0; i < names_.size(); ++i) {
      const std::string& name = names_[i];
      if (schema().target.column == name) continue;
      ColumnSchema& column = schema().columns[name];
      if (!column.kind) column.kind = DecideKind(name, column, samples_[i]);
      if (*column.kind == ColumnRole::kNumeric && !column.transform) {
        const bool is_criteo = *schema().format == FileFormat::kCriteoTsv;
        column.transform = is_criteo ? Transform::kCriteoLog2 : Transform::kStandardize;
      }
      if (*column.kind == ColumnRole::kCategorical && !column.hash_buckets && !column.min_count) {
        column.min_count = 1;
      }
    }
  }

  bool IsAuxiliary(const std::string& name) {
    return schema().weight == name || schema().group == name ||
           (schema().split && schema().split->column == name);
  }

  ColumnRole DecideKind(const std::string& name, const ColumnSchema& column,
                        const ColumnSample& sample) {
    if (IsAuxiliary(name)) return ColumnRole::kIgnore;
    if (column.transform) return ColumnRole::kNumeric;
    if (column.hash_buckets || column.min_count) return ColumnRole::kCategorical;
    if (*schema().format == FileFormat::kCriteoTsv) {
      return name[0] == 'I' ? ColumnRole::kNumeric : ColumnRole::kCategorical;
    }
    if (!sample.has_values()) return ColumnRole::kNumeric;
    if (sample.counts_rows() && sample.present() >= kLeastRowsOfAnId) {
      Warn(absl::StrCat("column ", Quoted(name),
                        " counts the rows and is ignored; give it a kind "
                        "to keep it"));
      return ColumnRole::kIgnore;
    }
    if (sample.is_numeric()) return ColumnRole::kNumeric;
    if (sample.is_numeric_but_for_null_texts()) {
      for (const std::string& text : sample.null_texts()) AddMissingText(name, text);
      return ColumnRole::kNumeric;
    }
    if (is_complete_ && sample.is_distinct_text() && sample.present() >= kLeastRowsOfAnId) {
      Warn(absl::StrCat("column ", Quoted(name),
                        " holds another text in every row, like an id, and is ignored; give it a "
                        "kind to keep it"));
      return ColumnRole::kIgnore;
    }
    return ColumnRole::kCategorical;
  }

  void AddMissingText(const std::string& column, const std::string& text) {
    std::vector<std::string>& missing = *schema().missing;
    if (std::find(missing.begin(), missing.end(), text) != missing.end()) return;
    missing.push_back(text);
    Warn(absl::StrCat(Quoted(text), " in the numeric column ", Quoted(column),
                      " is taken as missing, there and in all columns"));
  }

  void DecideSplit() {
    if (!schema().split) {
      SplitSpec split;
      const bool has_parts = std::any_of(files_.begin(), files_.end(), [](const InputFile& file) {
        return file.role == FileRole::kTest || file.role == FileRole::kValidation;
      });
      if (has_parts) split.kind = SplitSpec::Kind::kFiles;
      schema().split = split;
    }
    if (schema().split->kind == SplitSpec::Kind::kGroup && schema().split->column.empty()) {
      schema().split->column = *schema().group;
    }
  }

  absl::Status CheckFeatures() {
    for (const std::string& name : names_) {
      if (schema().target.column == name) continue;
      if (*schema().columns[name].kind != ColumnRole::kIgnore) return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat(DisplayName(FirstTable(files_)),
                     ": no feature column is left besides the target; its "
                     "columns are ",
                     ListColumns(names_)));
  }

  const std::vector<InputFile>& files_;
  const ImportOptions& options_;
  InferredSchema result_;
  std::vector<std::string> names_;
  std::vector<ColumnSample> samples_;
  LabelSample labels_;
  bool is_complete_ = true;
};

}  // namespace

absl::StatusOr<InferredSchema> InferSchema(const std::vector<InputFile>& files,
                                           const DatasetSchema& partial,
                                           const ImportOptions& options) {
  return Inference(files, partial, options).Run();
}

}  // namespace winnow::data
