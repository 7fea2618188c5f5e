#include "tests/unit/kernels/train/planted_testing.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "kernels/base/rng.h"
#include "kernels/data/packed_table.h"

namespace winnow::train {
namespace {

ColumnProfile ProfileOf(const PlantedColumn& column) {
  ColumnProfile profile;
  profile.name = column.name;
  if (column.numeric.empty()) {
    profile.kind = ColumnKind::kCategorical;
    profile.vocabulary = column.vocabulary;
    profile.min_count = 1;
    profile.missing = std::count(column.codes.begin(), column.codes.end(), 0);
    return profile;
  }
  double sum = 0, square = 0, n = 0;
  profile.min = std::numeric_limits<double>::infinity();
  profile.max = -profile.min;
  for (const float value : column.numeric) {
    if (std::isnan(value)) {
      ++profile.missing;
      continue;
    }
    n += 1;
    sum += value;
    square += static_cast<double>(value) * value;
    profile.min = std::min<double>(profile.min, value);
    profile.max = std::max<double>(profile.max, value);
  }
  profile.mean = sum / n;
  profile.stddev = std::sqrt(square / n - profile.mean * profile.mean);
  return profile;
}

TargetProfile TargetOf(const PlantedTable& table) {
  TargetProfile target;
  target.name = "y";
  target.kind = table.kind;
  if (table.kind == TargetKind::kRegression) {
    double sum = 0, square = 0;
    for (const float y : table.target) {
      sum += y;
      square += static_cast<double>(y) * y;
    }
    const auto n = static_cast<double>(table.target.size());
    target.mean = sum / n;
    target.stddev = std::sqrt(square / n - target.mean * target.mean);
    target.min = *std::min_element(table.target.begin(), table.target.end());
    target.max = *std::max_element(table.target.begin(), table.target.end());
    return target;
  }
  target.class_counts.resize(table.classes);
  for (int c = 0; c < table.classes; ++c) target.classes.push_back(std::to_string(c));
  for (const float y : table.target) ++target.class_counts[static_cast<int>(y)];
  return target;
}

float TargetFrom(TargetKind kind, double signal, double noise) {
  if (kind == TargetKind::kRegression) return static_cast<float>(10 + 3 * (signal + 0.3 * noise));
  if (kind == TargetKind::kBinary) return signal + 0.3 * noise > 0 ? 1.0f : 0.0f;
  const double z = signal + 0.3 * noise;
  return z < -0.7 ? 0.0f : z < 0.7 ? 1.0f : 2.0f;
}

}  // namespace

PlantedTable MakePlanted(TargetKind kind, int rows, uint64_t seed) {
  PlantedTable table;
  table.kind = kind;
  table.classes = kind == TargetKind::kMulticlass ? 3 : 2;
  for (int j = 0; j < 10; ++j) {
    PlantedColumn column;
    column.name = "n" + std::to_string(j);
    const RngStream draw(seed, "planted/" + column.name);
    for (int i = 0; i < rows; ++i) column.numeric.push_back(static_cast<float>(draw.Normal(i)));
    table.columns.push_back(column);
  }
  for (int j = 0; j < 2; ++j) {
    PlantedColumn column;
    column.name = "c" + std::to_string(j);
    column.vocabulary = 13;
    const RngStream draw(seed, "planted/" + column.name);
    for (int i = 0; i < rows; ++i) {
      column.codes.push_back(1 + static_cast<int32_t>(draw.Below(i, 12)));
    }
    table.columns.push_back(column);
  }
  const RngStream noise(seed, "planted/noise");
  for (int i = 0; i < rows; ++i) {
    const double effect = std::sin(2.0 * table.columns[10].codes[i]);  // of c0's value
    const double signal = 1.2 * table.columns[0].numeric[i] + 0.9 * table.columns[1].numeric[i] +
                          0.7 * table.columns[2].numeric[i] + 1.2 * effect;
    table.target.push_back(TargetFrom(kind, signal, noise.Normal(i)));
  }
  for (int i = 0; i < rows; i += 7) table.columns[9].numeric[i] = std::nanf("");
  return table;
}

PlantedTable MakeXor(int columns, int rows, uint64_t seed) {
  PlantedTable table;
  for (int j = 0; j < columns; ++j) {
    PlantedColumn column;
    column.name = "n" + std::to_string(j);
    const RngStream draw(seed, "xor/" + column.name);
    for (int i = 0; i < rows; ++i) column.numeric.push_back(draw.Below(i, 2) == 0 ? -1.0f : 1.0f);
    table.columns.push_back(column);
  }
  for (int i = 0; i < rows; ++i) {
    table.target.push_back(table.columns[0].numeric[i] * table.columns[1].numeric[i] > 0 ? 1.0f
                                                                                         : 0.0f);
  }
  return table;
}

DatasetProfile WritePlanted(const std::string& folder, const PlantedTable& table) {
  DatasetProfile profile;
  data::PackedShape shape;
  shape.rows = static_cast<int64_t>(table.target.size());
  shape.has_weight = profile.has_weight = !table.weight.empty();
  shape.has_group = profile.has_group = !table.group.empty();
  if (profile.has_group) profile.group_column = "group";
  for (const PlantedColumn& column : table.columns) {
    ++(column.numeric.empty() ? shape.num_categorical : shape.num_numeric);
    profile.columns.push_back(ProfileOf(column));
  }
  std::ofstream file(folder + "/table.bin", std::ios::binary);
  const std::string header = data::EncodePackedHeader(shape);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (size_t row = 0; row < table.target.size(); ++row) {
    for (const PlantedColumn& column : table.columns) {
      if (column.numeric.empty()) continue;
      file.write(reinterpret_cast<const char*>(&column.numeric[row]), sizeof(float));
    }
    for (const PlantedColumn& column : table.columns) {
      if (!column.numeric.empty()) continue;
      file.write(reinterpret_cast<const char*>(&column.codes[row]), sizeof(int32_t));
    }
    file.write(reinterpret_cast<const char*>(&table.target[row]), sizeof(float));
    if (shape.has_weight) {
      file.write(reinterpret_cast<const char*>(&table.weight[row]), sizeof(float));
    }
    if (shape.has_group) {
      file.write(reinterpret_cast<const char*>(&table.group[row]), sizeof(int32_t));
    }
  }
  profile.rows = shape.rows;
  profile.train_file_rows = shape.rows;
  profile.target = TargetOf(table);
  profile.split.validation = 0.2;
  profile.split.test = 0.2;
  profile.split_rows = CountSplit(profile, profile.split);
  profile.table_bytes = data::kPackedHeaderBytes + shape.rows * shape.stride();
  return profile;
}

}  // namespace winnow::train
