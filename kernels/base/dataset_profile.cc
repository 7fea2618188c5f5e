#include "kernels/base/dataset_profile.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/base/status.h"

namespace winnow {
namespace {

using nlohmann::json;

template <typename T>
using Names = std::vector<std::pair<T, const char*>>;

const Names<ColumnKind>& ColumnKindNames() {
  static const Names<ColumnKind> names = {{ColumnKind::kNumeric, "numeric"},
                                          {ColumnKind::kCategorical, "categorical"}};
  return names;
}

const Names<TargetKind>& TargetKindNames() {
  static const Names<TargetKind> names = {{TargetKind::kBinary, "binary"},
                                          {TargetKind::kMulticlass, "multiclass"},
                                          {TargetKind::kRegression, "regression"}};
  return names;
}

const Names<Transform>& TransformNames() {
  static const Names<Transform> names = {
      {Transform::kNone, "none"},         {Transform::kStandardize, "standardize"},
      {Transform::kMinMax, "min_max"},    {Transform::kLog1p, "log1p"},
      {Transform::kQuantile, "quantile"}, {Transform::kCriteoLog2, "criteo_log2"}};
  return names;
}

const Names<SplitSpec::Kind>& SplitKindNames() {
  using Kind = SplitSpec::Kind;
  static const Names<Kind> names = {{Kind::kRandom, "random"}, {Kind::kStratified, "stratified"},
                                    {Kind::kColumn, "column"}, {Kind::kTime, "time"},
                                    {Kind::kGroup, "group"},   {Kind::kFiles, "files"},
                                    {Kind::kFolds, "folds"}};
  return names;
}

template <typename T>
const char* NameOf(const Names<T>& names, T value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "";
}

// Reads the members of one JSON object; the first problem, with the path of its key, is kept.
class Reader {
 public:
  Reader(const json& object, std::string path, absl::Status* status)
      : object_(object), path_(std::move(path)), status_(status) {
    if (!object_.is_object()) Fail("", "an object");
  }

  void Read(const char* key, std::string* out) {
    if (const json* value = Find(key, &json::is_string, "a string"))
      *out = value->get<std::string>();
  }
  void Read(const char* key, bool* out) {
    if (const json* value = Find(key, &json::is_boolean, "true or false"))
      *out = value->get<bool>();
  }
  void Read(const char* key, double* out) {
    if (const json* value = Find(key, &json::is_number, "a number")) *out = value->get<double>();
  }
  void Read(const char* key, uint64_t* out) {
    if (const json* value = Find(key, &json::is_number_unsigned, "a whole number >= 0")) {
      *out = value->get<uint64_t>();
    }
  }
  void Read(const char* key, int64_t* out) {
    if (const json* value = Find(key, &json::is_number_integer, "a whole number")) {
      *out = value->get<int64_t>();
    }
  }
  void Read(const char* key, int32_t* out) {
    int64_t wide = *out;
    Read(key, &wide);
    if (wide < INT32_MIN || wide > INT32_MAX) return Fail(key, "a number of 32 bits");
    *out = static_cast<int32_t>(wide);
  }
  void Read(const char* key, std::vector<std::string>* out) {
    ReadArray(key, &json::is_string, "strings", out);
  }
  void Read(const char* key, std::vector<int64_t>* out) {
    ReadArray(key, &json::is_number_integer, "whole numbers", out);
  }
  template <typename T>
  void Read(const char* key, const Names<T>& names, T* out) {
    std::string text;
    Read(key, &text);
    std::string expected = "one of";
    for (const auto& [value, name] : names) {
      if (text == name) {
        *out = value;
        return;
      }
      expected += std::string(" ") + name;
    }
    Fail(key, expected);
  }

  // A member of any type, or nullptr after noting that it is missing or of another type.
  const json* Find(const char* key, bool (json::*is)() const noexcept,
                   const std::string& expected) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found == object_.end() || !((*found).*is)()) {
      Fail(key, expected);
      return nullptr;
    }
    return &*found;
  }
  std::string PathOf(const std::string& key) const {
    return path_.empty() || key.empty() ? path_ + key : path_ + "." + key;
  }

 private:
  template <typename T>
  void ReadArray(const char* key, bool (json::*is)() const noexcept, const std::string& what,
                 std::vector<T>* out) {
    const json* array = Find(key, &json::is_array, "an array of " + what);
    if (array == nullptr) return;
    out->clear();
    for (const json& element : *array) {
      if (!(element.*is)()) return Fail(key, "an array of " + what);
      out->push_back(element.get<T>());
    }
  }
  void Fail(const std::string& key, const std::string& expected) {
    if (!status_->ok()) return;
    *status_ = absl::InvalidArgumentError("dataset profile: '" + PathOf(key) +
                                          "' is missing or not " + expected);
  }

  const json& object_;
  std::string path_;
  absl::Status* status_;
};

json ColumnToJson(const ColumnProfile& column) {
  json out = {{"name", column.name},
              {"kind", NameOf(ColumnKindNames(), column.kind)},
              {"missing", column.missing}};
  if (column.kind == ColumnKind::kNumeric) {
    out["transform"] = NameOf(TransformNames(), column.transform);
    out["mean"] = column.mean;
    out["stddev"] = column.stddev;
    out["min"] = column.min;
    out["max"] = column.max;
    if (column.transform == Transform::kQuantile) out["quantiles"] = column.quantiles;
  } else {
    out["vocabulary"] = column.vocabulary;
    out["min_count"] = column.min_count;
    out["hashed"] = column.hashed;
    out["hash_collisions"] = column.hash_collisions;
  }
  return out;
}

ColumnProfile ColumnFromJson(const json& object, const std::string& path, absl::Status* status) {
  ColumnProfile column;
  Reader reader(object, path, status);
  reader.Read("name", &column.name);
  reader.Read("kind", ColumnKindNames(), &column.kind);
  reader.Read("missing", &column.missing);
  if (column.kind == ColumnKind::kNumeric) {
    reader.Read("transform", TransformNames(), &column.transform);
    reader.Read("mean", &column.mean);
    reader.Read("stddev", &column.stddev);
    reader.Read("min", &column.min);
    reader.Read("max", &column.max);
    if (column.transform == Transform::kQuantile) reader.Read("quantiles", &column.quantiles);
  } else {
    reader.Read("vocabulary", &column.vocabulary);
    reader.Read("min_count", &column.min_count);
    reader.Read("hashed", &column.hashed);
    reader.Read("hash_collisions", &column.hash_collisions);
  }
  return column;
}

json TargetToJson(const TargetProfile& target) {
  json out = {{"name", target.name}, {"kind", NameOf(TargetKindNames(), target.kind)}};
  if (target.kind == TargetKind::kRegression) {
    out["mean"] = target.mean;
    out["stddev"] = target.stddev;
    out["min"] = target.min;
    out["max"] = target.max;
  } else {
    out["classes"] = target.classes;
    out["class_counts"] = target.class_counts;
  }
  return out;
}

TargetProfile TargetFromJson(const json& object, const std::string& path, absl::Status* status) {
  TargetProfile target;
  Reader reader(object, path, status);
  reader.Read("name", &target.name);
  reader.Read("kind", TargetKindNames(), &target.kind);
  if (target.kind == TargetKind::kRegression) {
    reader.Read("mean", &target.mean);
    reader.Read("stddev", &target.stddev);
    reader.Read("min", &target.min);
    reader.Read("max", &target.max);
  } else {
    reader.Read("classes", &target.classes);
    reader.Read("class_counts", &target.class_counts);
  }
  return target;
}

json SplitToJson(const SplitSpec& split) {
  return {{"kind", NameOf(SplitKindNames(), split.kind)},
          {"column", split.column},
          {"validation", split.validation},
          {"test", split.test},
          {"seed", split.seed},
          {"folds", split.folds},
          {"fold", split.fold},
          {"validation_values", split.validation_values},
          {"test_values", split.test_values}};
}

SplitSpec SplitFromJson(const json& object, const std::string& path, absl::Status* status) {
  SplitSpec split;
  Reader reader(object, path, status);
  reader.Read("kind", SplitKindNames(), &split.kind);
  reader.Read("column", &split.column);
  reader.Read("validation", &split.validation);
  reader.Read("test", &split.test);
  reader.Read("seed", &split.seed);
  reader.Read("folds", &split.folds);
  reader.Read("fold", &split.fold);
  reader.Read("validation_values", &split.validation_values);
  reader.Read("test_values", &split.test_values);
  return split;
}

}  // namespace

nlohmann::json ToJson(const DatasetProfile& profile) {
  json columns = json::array();
  for (const ColumnProfile& column : profile.columns) columns.push_back(ColumnToJson(column));
  return {{"rows", profile.rows},
          {"train_file_rows", profile.train_file_rows},
          {"validation_file_rows", profile.validation_file_rows},
          {"dropped_rows", profile.dropped_rows},
          {"columns", columns},
          {"target", TargetToJson(profile.target)},
          {"has_weight", profile.has_weight},
          {"has_group", profile.has_group},
          {"split", SplitToJson(profile.split)},
          {"split_rows",
           {{"train", profile.split_rows.train},
            {"validation", profile.split_rows.validation},
            {"test", profile.split_rows.test}}},
          {"group_column", profile.group_column},
          {"time_column", profile.time_column},
          {"split_column", profile.split_column},
          {"split_values", profile.split_values},
          {"split_value_counts", profile.split_value_counts},
          {"table_bytes", profile.table_bytes},
          {"table_sha256", profile.table_sha256},
          {"warnings", profile.warnings}};
}

absl::StatusOr<DatasetProfile> DatasetProfileFromJson(const nlohmann::json& object) {
  DatasetProfile profile;
  absl::Status status;
  Reader reader(object, "", &status);
  reader.Read("rows", &profile.rows);
  reader.Read("train_file_rows", &profile.train_file_rows);
  reader.Read("validation_file_rows", &profile.validation_file_rows);
  reader.Read("dropped_rows", &profile.dropped_rows);
  if (const json* columns = reader.Find("columns", &json::is_array, "an array of columns")) {
    for (size_t i = 0; i < columns->size(); ++i) {
      const std::string path = "columns[" + std::to_string(i) + "]";
      profile.columns.push_back(ColumnFromJson((*columns)[i], path, &status));
    }
  }
  if (const json* target = reader.Find("target", &json::is_object, "an object")) {
    profile.target = TargetFromJson(*target, "target", &status);
  }
  reader.Read("has_weight", &profile.has_weight);
  reader.Read("has_group", &profile.has_group);
  if (const json* split = reader.Find("split", &json::is_object, "an object")) {
    profile.split = SplitFromJson(*split, "split", &status);
  }
  if (const json* rows = reader.Find("split_rows", &json::is_object, "an object")) {
    Reader counts(*rows, "split_rows", &status);
    counts.Read("train", &profile.split_rows.train);
    counts.Read("validation", &profile.split_rows.validation);
    counts.Read("test", &profile.split_rows.test);
  }
  reader.Read("group_column", &profile.group_column);
  reader.Read("time_column", &profile.time_column);
  reader.Read("split_column", &profile.split_column);
  reader.Read("split_values", &profile.split_values);
  reader.Read("split_value_counts", &profile.split_value_counts);
  reader.Read("table_bytes", &profile.table_bytes);
  reader.Read("table_sha256", &profile.table_sha256);
  reader.Read("warnings", &profile.warnings);
  RETURN_IF_ERROR(status);
  return profile;
}

}  // namespace winnow
