#include "kernels/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "kernels/base/rng.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

enum class Part : uint8_t { kTrain, kValidation, kTest };

// The part of every row while a split is made.
class Assignment {
 public:
  explicit Assignment(int64_t rows) : parts_(static_cast<size_t>(rows), Part::kTrain) {}

  void Set(uint32_t row, Part part) { parts_[row] = part; }

  // Of `order`, the first `test` rows become test rows, the next `validation` validation rows.
  void Take(const std::vector<uint32_t>& order, int64_t test, int64_t validation) {
    const auto n = static_cast<int64_t>(order.size());
    for (int64_t i = 0; i < std::min(n, test + validation); ++i) {
      Set(order[i], i < test ? Part::kTest : Part::kValidation);
    }
  }

  SplitRows Finish() const {
    SplitRows rows;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const auto row = static_cast<uint32_t>(i);
      if (parts_[i] == Part::kTrain) rows.train.push_back(row);
      if (parts_[i] == Part::kValidation) rows.validation.push_back(row);
      if (parts_[i] == Part::kTest) rows.test.push_back(row);
    }
    return rows;
  }

  std::vector<uint32_t> TrainingRows() const { return Finish().train; }

 private:
  std::vector<Part> parts_;
};

class Splitter {
 public:
  Splitter(const PackedTable& table, const DatasetProfile& profile, const SplitSpec& spec)
      : table_(table),
        profile_(profile),
        spec_(spec),
        counts_(CountSplit(profile, spec)),
        parts_(table.rows()) {}

  absl::StatusOr<SplitRows> Run() {
    using Kind = SplitSpec::Kind;
    switch (spec_.kind) {
      case Kind::kRandom:
        parts_.Take(Permuted("split/random", AllRows()), counts_.test, counts_.validation);
        break;
      case Kind::kStratified:
        RETURN_IF_ERROR(Stratified());
        break;
      case Kind::kColumn:
        RETURN_IF_ERROR(ByColumn());
        break;
      case Kind::kTime:
        RETURN_IF_ERROR(ByTime());
        break;
      case Kind::kGroup:
        RETURN_IF_ERROR(ByGroup());
        break;
      case Kind::kFiles:
        ByFiles();
        break;
      case Kind::kFolds:
        RETURN_IF_ERROR(ByFolds());
        break;
    }
    SplitRows rows = parts_.Finish();
    if (rows.train.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("split: no training row is left of ", table_.rows(), " rows (",
                       rows.validation.size(), " validation, ", rows.test.size(), " test)"));
    }
    return rows;
  }

 private:
  std::vector<uint32_t> AllRows() const {
    std::vector<uint32_t> rows(static_cast<size_t>(table_.rows()));
    std::iota(rows.begin(), rows.end(), 0u);
    return rows;
  }

  std::vector<uint32_t> Permuted(const std::string& stream,
                                 const std::vector<uint32_t>& rows) const {
    std::vector<uint32_t> order =
        RngStream(spec_.seed, stream).Permutation(static_cast<uint32_t>(rows.size()));
    for (uint32_t& position : order) position = rows[position];
    return order;
  }

  absl::Status Stratified() {
    if (profile_.target.kind == TargetKind::kRegression) {
      parts_.Take(Permuted("split/random", AllRows()), counts_.test, counts_.validation);
      return absl::OkStatus();
    }
    std::vector<std::vector<uint32_t>> members(profile_.target.classes.size());
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const float label = table_.target(row);
      if (!(label >= 0 && label < static_cast<float>(members.size())))
        return Damaged(row, "target");
      members[static_cast<size_t>(label)].push_back(static_cast<uint32_t>(row));
    }
    for (size_t label = 0; label < members.size(); ++label) {
      const auto n = static_cast<int64_t>(members[label].size());
      const int64_t test = RowsOfShare(spec_.test, n);
      const int64_t validation = std::min(RowsOfShare(spec_.validation, n), n - test);
      parts_.Take(Permuted(absl::StrCat("split/class/", label), members[label]), test, validation);
    }
    return absl::OkStatus();
  }

  static absl::Status Damaged(int64_t row, const char* field) {
    return absl::DataLossError(
        absl::StrCat("packed table: row ", row, ": the ", field, " is not one of the profile's"));
  }

  absl::Status ByColumn() {
    if (profile_.split_column.empty() || spec_.column != profile_.split_column) {
      return absl::InvalidArgumentError(absl::StrCat(
          "split.column: '", spec_.column, "' is not kept in this dataset for splitting; ",
          profile_.split_column.empty()
              ? "its schema names no column for a split of kind column"
              : absl::StrCat("its schema names '", profile_.split_column, "'")));
    }
    std::vector<Part> part_of(profile_.split_values.size(), Part::kTrain);
    for (size_t i = 0; i < part_of.size(); ++i) {
      const auto is_among = [&](const std::vector<std::string>& values) {
        return std::find(values.begin(), values.end(), profile_.split_values[i]) != values.end();
      };
      if (is_among(spec_.validation_values)) part_of[i] = Part::kValidation;
      if (is_among(spec_.test_values)) part_of[i] = Part::kTest;
    }
    bool has_validation = false;
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const int32_t value = table_.split(row);
      if (value < 0 || static_cast<size_t>(value) >= part_of.size()) {
        return Damaged(row, "split value");
      }
      const Part part = part_of[static_cast<size_t>(value)];
      has_validation |= part == Part::kValidation;
      parts_.Set(static_cast<uint32_t>(row), part);
    }
    if (!has_validation) {
      parts_.Take(Permuted("split/random", parts_.TrainingRows()), 0, counts_.validation);
    }
    return absl::OkStatus();
  }

  absl::Status ByTime() {
    std::vector<double> time(static_cast<size_t>(table_.rows()));
    if (!profile_.time_column.empty() && spec_.column == profile_.time_column) {
      for (int64_t row = 0; row < table_.rows(); ++row) time[row] = table_.time(row);
    } else {
      RETURN_IF_ERROR(TimesFromFeature(&time));
    }
    std::vector<uint32_t> order = AllRows();
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return time[a] < time[b]; });
    std::reverse(order.begin(), order.end());
    parts_.Take(order, counts_.test, counts_.validation);
    return absl::OkStatus();
  }

  // Stateless transforms keep the order, so a numeric feature serves as well as the column itself.
  absl::Status TimesFromFeature(std::vector<double>* time) const {
    int32_t position = 0;
    for (const ColumnProfile& column : profile_.columns) {
      if (column.kind != ColumnKind::kNumeric) continue;
      if (column.name != spec_.column) {
        ++position;
        continue;
      }
      if (column.missing > 0) {
        return absl::InvalidArgumentError(absl::StrCat("split.column: '", spec_.column, "' has ",
                                                       column.missing, " missing values"));
      }
      for (int64_t row = 0; row < table_.rows(); ++row)
        (*time)[row] = table_.numeric(row)[position];
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "split.column: '", spec_.column,
        "' is neither the time column of this dataset nor one of its numeric columns"));
  }

  absl::Status ByGroup() {
    if (profile_.group_column.empty() ||
        (!spec_.column.empty() && spec_.column != profile_.group_column)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "split.column: '", spec_.column, "' is not kept in this dataset for grouping; ",
          profile_.group_column.empty()
              ? "its schema names no group"
              : absl::StrCat("its schema names '", profile_.group_column, "'")));
    }
    int32_t groups = 0;  // ids are dense, so there are no more of them than rows
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const int32_t group = table_.group(row);
      if (group < 0 || group >= table_.rows()) return Damaged(row, "group");
      groups = std::max(groups, group + 1);
    }
    std::vector<int64_t> sizes(static_cast<size_t>(groups), 0);
    for (int64_t row = 0; row < table_.rows(); ++row) ++sizes[table_.group(row)];
    const std::vector<uint32_t> order =
        RngStream(spec_.seed, "split/group").Permutation(static_cast<uint32_t>(groups));
    const int64_t want_test = RowsOfShare(spec_.test, table_.rows());
    const int64_t want_validation = RowsOfShare(spec_.validation, table_.rows());
    int64_t test = 0, validation = 0;
    std::vector<Part> part_of(sizes.size(), Part::kTrain);
    for (const uint32_t group : order) {
      if (test < want_test) {
        part_of[group] = Part::kTest;
        test += sizes[group];
      } else if (validation < want_validation) {
        part_of[group] = Part::kValidation;
        validation += sizes[group];
      }
    }
    for (int64_t row = 0; row < table_.rows(); ++row) {
      parts_.Set(static_cast<uint32_t>(row), part_of[table_.group(row)]);
    }
    return absl::OkStatus();
  }

  void ByFiles() {
    const int64_t validation_end = profile_.train_file_rows + profile_.validation_file_rows;
    for (int64_t row = profile_.train_file_rows; row < table_.rows(); ++row) {
      parts_.Set(static_cast<uint32_t>(row),
                 row < validation_end ? Part::kValidation : Part::kTest);
    }
    const bool has_test = validation_end < table_.rows();
    const bool has_validation = profile_.validation_file_rows > 0;
    parts_.Take(Permuted("split/random", parts_.TrainingRows()), has_test ? 0 : counts_.test,
                has_validation ? 0 : counts_.validation);
  }

  absl::Status ByFolds() {
    if (spec_.folds < 2 || spec_.fold < 0 || spec_.fold >= spec_.folds) {
      return absl::InvalidArgumentError(
          absl::StrCat("split.fold: must be in [0, folds - 1] with "
                       "folds >= 2, got fold ",
                       spec_.fold, " of ", spec_.folds));
    }
    std::vector<uint32_t> order = Permuted("split/random", AllRows());
    const int64_t begin = spec_.fold * table_.rows() / spec_.folds;
    std::rotate(order.begin(), order.begin() + begin, order.end());
    parts_.Take(order, counts_.test, counts_.validation);
    return absl::OkStatus();
  }

  const PackedTable& table_;
  const DatasetProfile& profile_;
  const SplitSpec& spec_;
  const SplitCounts counts_;
  Assignment parts_;
};

absl::Status CheckShare(const char* name, double share) {
  if (share >= 0 && share < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("split.", name, ": must be in [0, 1), got ", share));
}

}  // namespace

absl::StatusOr<SplitRows> MakeSplit(const PackedTable& table, const DatasetProfile& profile,
                                    const SplitSpec& spec) {
  RETURN_IF_ERROR(CheckShare("validation", spec.validation));
  RETURN_IF_ERROR(CheckShare("test", spec.test));
  RETURN_IF_ERROR(table.CheckProfile(profile));
  return Splitter(table, profile, spec).Run();
}

}  // namespace winnow::data
