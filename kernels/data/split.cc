#include "kernels/data/split.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/large_table.h"
#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/data/latest_rows.h"
#include "kernels/data/split_parts.h"

namespace winnow::data {
namespace {

class Splitter {
 public:
  Splitter(const PackedTable& table, const DatasetProfile& profile, const SplitSpec& spec,
           bool is_large)
      : table_(table),
        profile_(profile),
        spec_(spec),
        counts_(CountSplit(profile, spec)),
        is_large_(is_large),
        parts_(table.rows()) {}

  absl::StatusOr<SplitRows> Run() {
    using Kind = SplitSpec::Kind;
    switch (spec_.kind) {
      case Kind::kRandom:
        DrawFromTraining(counts_.test, counts_.validation);
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
    SplitRows rows = std::move(parts_).Finish();
    if (rows.train.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("split: no training row is left of ", table_.rows(), " rows (",
                       rows.validation.size(), " validation, ", rows.test.size(), " test)"));
    }
    return rows;
  }

 private:
  RngStream Stream(const std::string& name) const { return RngStream(spec_.seed, name); }

  // Of the rows that train so far.
  void DrawFromTraining(int64_t test, int64_t validation) {
    const RngStream stream = Stream("split/random");
    if (is_large_) return parts_.Draw(stream, test, validation);
    std::vector<uint32_t> order = parts_.TrainingRows();
    stream.Shuffle(order);
    parts_.Take(order, test, validation);
  }

  absl::Status Stratified() {
    if (profile_.target.kind == TargetKind::kRegression) {
      DrawFromTraining(counts_.test, counts_.validation);
      return absl::OkStatus();
    }
    std::vector<int64_t> sizes(profile_.target.classes.size());
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const float label = table_.target(row);
      if (!(label >= 0 && label < static_cast<float>(sizes.size()))) return Damaged(row, "target");
      ++sizes[static_cast<size_t>(label)];
    }
    is_large_ ? DrawEveryClass(sizes) : PermuteEveryClass(sizes);
    return absl::OkStatus();
  }

  // Test and validation rows of a class of n rows.
  std::vector<int64_t> PartsOf(int64_t n) const {
    const int64_t test = RowsOfShare(spec_.test, n);
    return {test, std::min(RowsOfShare(spec_.validation, n), n - test)};
  }

  RngStream ClassStream(size_t label) const { return Stream(absl::StrCat("split/class/", label)); }

  void DrawEveryClass(const std::vector<int64_t>& sizes) {
    std::vector<PartDraw> draws;
    for (size_t label = 0; label < sizes.size(); ++label) {
      draws.emplace_back(ClassStream(label), sizes[label], PartsOf(sizes[label]));
    }
    constexpr Part kParts[] = {Part::kTest, Part::kValidation, Part::kTrain};
    for (int64_t row = 0; row < table_.rows(); ++row) {
      parts_.Set(row, kParts[draws[static_cast<size_t>(table_.target(row))].Next()]);
    }
  }

  void PermuteEveryClass(const std::vector<int64_t>& sizes) {
    std::vector<std::vector<uint32_t>> members(sizes.size());
    for (int64_t row = 0; row < table_.rows(); ++row) {
      members[static_cast<size_t>(table_.target(row))].push_back(static_cast<uint32_t>(row));
    }
    for (size_t label = 0; label < members.size(); ++label) {
      ClassStream(label).Shuffle(members[label]);
      const std::vector<int64_t> parts = PartsOf(sizes[label]);
      parts_.Take(members[label], parts[0], parts[1]);
    }
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
      parts_.Set(row, part);
    }
    if (!has_validation) {
      DrawFromTraining(0, counts_.validation);
    }
    return absl::OkStatus();
  }

  absl::Status ByTime() {
    if (!profile_.time_column.empty() && spec_.column == profile_.time_column) {
      TakeLatest([this](int64_t row) { return TimeKey(table_.time(row)); });
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const int32_t column, TimeFeature());
    TakeLatest([this, column](int64_t row) { return TimeKey(table_.numeric(row)[column]); });
    return absl::OkStatus();
  }

  void TakeLatest(const std::function<uint64_t(int64_t)>& key_of) {
    const int64_t both = std::min(counts_.test + counts_.validation, table_.rows());
    TimeCut test = CutLatest(table_.rows(), key_of, counts_.test);
    TimeCut validation = CutLatest(table_.rows(), key_of, both);
    const auto is_behind = [](TimeCut& cut, uint64_t key) {
      return key > cut.key || (key == cut.key && cut.ties > 0 && cut.ties-- > 0);
    };
    for (int64_t row = table_.rows() - 1; row >= 0; --row) {
      const uint64_t key = key_of(row);
      const bool is_late = is_behind(validation, key);
      if (is_behind(test, key)) {
        parts_.Set(row, Part::kTest);
      } else if (is_late) {
        parts_.Set(row, Part::kValidation);
      }
    }
  }

  // The numeric feature that the split names. Stateless transforms keep the order, so it serves as
  // well as the column itself.
  absl::StatusOr<int32_t> TimeFeature() const {
    int32_t position = 0;
    for (const ColumnProfile& column : profile_.columns) {
      if (column.kind != ColumnKind::kNumeric) continue;
      if (column.name == spec_.column) {
        if (column.missing == 0) return position;
        return absl::InvalidArgumentError(absl::StrCat("split.column: '", spec_.column, "' has ",
                                                       column.missing, " missing values"));
      }
      ++position;
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
      parts_.Set(row, part_of[table_.group(row)]);
    }
    return absl::OkStatus();
  }

  void ByFiles() {
    const int64_t validation_end = profile_.train_file_rows + profile_.validation_file_rows;
    for (int64_t row = profile_.train_file_rows; row < table_.rows(); ++row) {
      parts_.Set(row, row < validation_end ? Part::kValidation : Part::kTest);
    }
    const bool has_test = validation_end < table_.rows();
    const bool has_validation = profile_.validation_file_rows > 0;
    DrawFromTraining(has_test ? 0 : counts_.test, has_validation ? 0 : counts_.validation);
  }

  absl::Status ByFolds() {
    if (spec_.folds < 2 || spec_.fold < 0 || spec_.fold >= spec_.folds) {
      return absl::InvalidArgumentError(
          absl::StrCat("split.fold: must be in [0, folds - 1] with "
                       "folds >= 2, got fold ",
                       spec_.fold, " of ", spec_.folds));
    }
    if (is_large_) {
      DrawFolds();
      return absl::OkStatus();
    }
    std::vector<uint32_t> order = parts_.TrainingRows();
    Stream("split/random").Shuffle(order);
    const int64_t begin = spec_.fold * table_.rows() / spec_.folds;
    std::rotate(order.begin(), order.begin() + begin, order.end());
    parts_.Take(order, counts_.test, counts_.validation);
    return absl::OkStatus();
  }

  void DrawFolds() {
    std::vector<int64_t> sizes;
    for (int64_t fold = 0; fold < spec_.folds; ++fold) {
      sizes.push_back((fold + 1) * table_.rows() / spec_.folds -
                      fold * table_.rows() / spec_.folds);
    }
    PartDraw draw(Stream("split/folds"), table_.rows(), std::move(sizes));
    for (int64_t row = 0; row < table_.rows(); ++row) {
      if (draw.Next() == static_cast<size_t>(spec_.fold)) parts_.Set(row, Part::kTest);
    }
    DrawFromTraining(0, counts_.validation);
  }

  const PackedTable& table_;
  const DatasetProfile& profile_;
  const SplitSpec& spec_;
  const SplitCounts counts_;
  const bool is_large_;
  SplitParts parts_;
};

absl::Status CheckShare(const char* name, double share) {
  if (share >= 0 && share < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("split.", name, ": must be in [0, 1), got ", share));
}

}  // namespace

absl::StatusOr<SplitRows> MakeSplit(const PackedTable& table, const DatasetProfile& profile,
                                    const SplitSpec& spec) {
  return MakeSplit(table, profile, spec, IsLargeTable(table.file_bytes(), table.rows()));
}

absl::StatusOr<SplitRows> MakeSplit(const PackedTable& table, const DatasetProfile& profile,
                                    const SplitSpec& spec, bool is_large) {
  RETURN_IF_ERROR(CheckShare("validation", spec.validation));
  RETURN_IF_ERROR(CheckShare("test", spec.test));
  RETURN_IF_ERROR(table.CheckProfile(profile));
  return Splitter(table, profile, spec, is_large).Run();
}

}  // namespace winnow::data
