// Training tables for tests, opened from small packed tables.
#ifndef WINNOW_TESTS_UNIT_KERNELS_DATA_TRAINING_TABLE_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_DATA_TRAINING_TABLE_TESTING_H_

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/data/training_table.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kernels/data/table_testing.h"

namespace winnow::data {

inline SplitSpec AllTrain() {
  SplitSpec split;
  split.validation = split.test = 0;
  return split;
}

// Rows from files: the first n train, the rest test.
inline SplitSpec FilesOnly() {
  SplitSpec split;
  split.kind = SplitSpec::Kind::kFiles;
  split.validation = split.test = 0;
  return split;
}

struct Inputs {
  std::vector<float> dense, target, weight;
  std::vector<int32_t> codes;
};

// A table written to disk and opened; keeps what a TrainingTable points to.
class Opened {
 public:
  Opened(const TestTable& table, const SplitSpec& split) : profile_(table.Profile()) {
    table.Write(dir_.File("t"));
    packed_ = PackedTable::Open(dir_.File("t"));
    EXPECT_OK(packed_);
    table_ = TrainingTable::Create(&*packed_, profile_, split);
  }
  const absl::StatusOr<TrainingTable>& status() const { return table_; }
  const TrainingTable& operator*() const { return *table_; }
  const TrainingTable* operator->() const { return &*table_; }
  const PackedTable& packed() const { return *packed_; }
  const DatasetProfile& profile() const { return profile_; }

  Inputs Gather(const std::vector<uint32_t>& rows) const {
    Inputs inputs;
    const auto n = rows.size();
    inputs.dense.resize(n * table_->layout().dense_width);
    inputs.codes.resize(n * table_->layout().num_categorical);
    inputs.target.resize(n);
    inputs.weight.resize(n);
    table_->Gather(rows, inputs.dense.data(), table_->layout().dense_width, inputs.codes.data(),
                   inputs.target.data(), inputs.weight.data());
    return inputs;
  }

 private:
  test::TempDir dir_;
  DatasetProfile profile_;
  absl::StatusOr<PackedTable> packed_;
  absl::StatusOr<TrainingTable> table_;
};

inline TestTable OneColumn(const std::vector<float>& values, Transform transform) {
  TestTable table;
  table.columns = {NumericColumn("x", transform)};
  for (const float value : values) {
    table.numeric.push_back({value});
    table.target.push_back(0);
  }
  table.target[0] = 1;
  return table;
}

}  // namespace winnow::data

#endif  // WINNOW_TESTS_UNIT_KERNELS_DATA_TRAINING_TABLE_TESTING_H_
