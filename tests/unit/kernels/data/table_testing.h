// Small packed tables for tests, written without the import.
#ifndef WINNOW_TESTS_UNIT_KERNELS_DATA_TABLE_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_DATA_TABLE_TESTING_H_

#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "kernels/base/dataset_profile.h"
#include "kernels/data/packed_table.h"

namespace winnow::data {

inline constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// A table in memory; the profile follows from its content.
struct TestTable {
  std::vector<ColumnProfile> columns;       // name, kind, transform, vocabulary, min_count
  std::vector<std::vector<float>> numeric;  // [row][numeric column]
  std::vector<std::vector<int32_t>> codes;  // [row][categorical column]; may be empty
  std::vector<float> target;
  std::vector<std::string> classes = {"no", "yes"};
  std::vector<float> weight;
  std::vector<int32_t> group, split;
  std::vector<double> time;
  std::vector<std::string> split_values;
  int64_t train_file_rows = -1, validation_file_rows = 0;  // -1: all

  PackedShape Shape() const {
    PackedShape shape;
    shape.rows = static_cast<int64_t>(target.size());
    for (const ColumnProfile& column : columns) {
      ++(column.kind == ColumnKind::kNumeric ? shape.num_numeric : shape.num_categorical);
    }
    shape.has_weight = !weight.empty();
    shape.has_group = !group.empty();
    shape.has_split = !split.empty();
    shape.has_time = !time.empty();
    return shape;
  }

  DatasetProfile Profile() const {
    DatasetProfile profile;
    profile.rows = static_cast<int64_t>(target.size());
    profile.train_file_rows = train_file_rows < 0 ? profile.rows : train_file_rows;
    profile.validation_file_rows = validation_file_rows;
    profile.columns = columns;
    size_t j = 0;
    for (ColumnProfile& column : profile.columns) {
      if (column.kind != ColumnKind::kNumeric) continue;
      for (const auto& row : numeric) column.missing += row[j] != row[j];
      ++j;
    }
    profile.target.name = "y";
    profile.target.kind = classes.empty()       ? TargetKind::kRegression
                          : classes.size() == 2 ? TargetKind::kBinary
                                                : TargetKind::kMulticlass;
    profile.target.classes = classes;
    profile.target.class_counts.assign(classes.size(), 0);
    for (size_t i = 0; i < target.size() && !classes.empty(); ++i) {
      ++profile.target.class_counts[static_cast<size_t>(target[i])];
    }
    profile.has_weight = !weight.empty();
    profile.has_group = !group.empty();
    if (profile.has_group) profile.group_column = "group";
    if (!split.empty()) profile.split_column = "part";
    if (!time.empty()) profile.time_column = "time";
    profile.split_values = split_values;
    profile.split_value_counts.assign(split_values.size(), 0);
    for (const int32_t value : split) ++profile.split_value_counts[static_cast<size_t>(value)];
    profile.table_sha256 = "test";
    return profile;
  }

  std::string Bytes() const {
    std::string bytes = EncodePackedHeader(Shape());
    const auto put = [&bytes](const auto& value) {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    };
    for (size_t i = 0; i < target.size(); ++i) {
      if (!numeric.empty()) {
        for (const float x : numeric[i]) put(x);
      }
      if (!codes.empty()) {
        for (const int32_t code : codes[i]) put(code);
      }
      put(target[i]);
      if (!weight.empty()) put(weight[i]);
      if (!group.empty()) put(group[i]);
      if (!split.empty()) put(split[i]);
      if (!time.empty()) put(time[i]);
    }
    return bytes;
  }

  void Write(const std::string& path) const { WriteBytes(path, Bytes()); }
  static void WriteBytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
};

inline ColumnProfile NumericColumn(const std::string& name,
                                   Transform transform = Transform::kStandardize) {
  ColumnProfile column;
  column.name = name;
  column.transform = transform;
  return column;
}

inline ColumnProfile CategoricalColumn(const std::string& name, int64_t vocabulary,
                                       int64_t min_count = 1) {
  ColumnProfile column;
  column.name = name;
  column.kind = ColumnKind::kCategorical;
  column.vocabulary = vocabulary;
  column.min_count = min_count;
  return column;
}

}  // namespace winnow::data

#endif  // WINNOW_TESTS_UNIT_KERNELS_DATA_TABLE_TESTING_H_
