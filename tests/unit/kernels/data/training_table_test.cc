#include "kernels/data/training_table.h"

#include <cmath>
#include <cstring>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kernels/data/table_testing.h"

namespace winnow::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::winnow::test::StatusIs;
using ::winnow::test::TempDir;

SplitSpec AllTrain() {
  SplitSpec split;
  split.validation = split.test = 0;
  return split;
}

// Rows from files: the first n train, the rest test.
SplitSpec FilesOnly() {
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
  TempDir dir_;
  DatasetProfile profile_;
  absl::StatusOr<PackedTable> packed_;
  absl::StatusOr<TrainingTable> table_;
};

TestTable OneColumn(const std::vector<float>& values, Transform transform) {
  TestTable table;
  table.columns = {NumericColumn("x", transform)};
  for (const float value : values) {
    table.numeric.push_back({value});
    table.target.push_back(0);
  }
  table.target[0] = 1;
  return table;
}

TEST(LayoutTest, FollowsTheColumnsAndMakesRoomForIndicators) {
  TestTable table;
  table.columns = {NumericColumn("a"), CategoricalColumn("b", 5), NumericColumn("c"),
                   NumericColumn("d"), CategoricalColumn("e", 9)};
  table.numeric = {{1, kMissing, 2}};
  table.codes = {{1, 2}};
  table.target = {0};
  const TableLayout layout = MakeLayout(table.Profile());
  EXPECT_EQ(layout.dense_width, 4);
  EXPECT_EQ(layout.num_categorical, 2);
  const FeatureLayout a{0, false, 0, -1, -1, 0}, b{1, true, -1, -1, 0, 5}, c{2, false, 1, 2, -1, 0},
      d{3, false, 3, -1, -1, 0}, e{4, true, -1, -1, 1, 9};
  EXPECT_THAT(layout.features, ElementsAre(a, b, c, d, e));
}

TEST(FitTest, StandardisesWithTheTrainingRowsOnly) {
  TestTable table = OneColumn({1, 3, 5, 1000, -1000}, Transform::kStandardize);
  table.train_file_rows = 3;
  const Opened opened(table, FilesOnly());
  ASSERT_OK(opened.status());
  const NumericFit& fit = opened->numeric_fits()[0];
  EXPECT_DOUBLE_EQ(fit.mean, 3);
  EXPECT_DOUBLE_EQ(fit.stddev, std::sqrt(8.0 / 3));
  const float z = static_cast<float>(2 / std::sqrt(8.0 / 3));
  EXPECT_THAT(opened.Gather({0, 1, 2}).dense, ElementsAre(FloatEq(-z), 0, FloatEq(z)));
  // Bounded at ten standard deviations.
  EXPECT_THAT(opened.Gather({3, 4}).dense, ElementsAre(10, -10));
}

TEST(FitTest, RowsThatDoNotTrainChangeNothing) {
  RngStream random(3, "test/values");
  const auto make = [&random](float other) {
    TestTable table;
    table.columns = {NumericColumn("a"), NumericColumn("b", Transform::kQuantile),
                     NumericColumn("c", Transform::kMinMax), CategoricalColumn("d", 6, 2)};
    for (uint64_t i = 0; i < 60; ++i) {
      const bool trains = i < 40;
      const auto x = static_cast<float>(random.Normal(i));
      table.numeric.push_back(trains ? std::vector<float>{x, x * x, i % 7 == 0 ? kMissing : x}
                                     : std::vector<float>{other, -other, kMissing});
      table.codes.push_back({static_cast<int32_t>(trains ? i % 5 : 5)});
      table.target.push_back(i % 2);
    }
    table.train_file_rows = 40;
    return table;
  };
  const Opened first(make(1), FilesOnly()), second(make(1e6), FilesOnly());
  ASSERT_OK(first.status());
  std::vector<uint32_t> train(first->train_rows().begin(), first->train_rows().end());
  EXPECT_EQ(train.size(), 40u);
  EXPECT_EQ(first.Gather(train).dense, second.Gather(train).dense);
  EXPECT_EQ(first.Gather(train).codes, second.Gather(train).codes);
  EXPECT_EQ(first->numeric_fits()[1].cuts, second->numeric_fits()[1].cuts);
  // Value 5 occurs in no training row.
  EXPECT_THAT(first.Gather({50}).codes, ElementsAre(0));
}

TEST(FitTest, StandardisedColumnsHaveMeanZeroAndDeviationOneWhateverTheirUnit) {
  RngStream random(1, "test/values");
  for (const float unit : {1e-6f, 1.0f, 1e6f}) {
    std::vector<float> values;
    for (uint64_t i = 0; i < 500; ++i) {
      values.push_back(unit * (100 + static_cast<float>(random.Normal(i))));
    }
    const Opened opened(OneColumn(values, Transform::kStandardize), AllTrain());
    ASSERT_OK(opened.status());
    std::vector<uint32_t> rows(opened->train_rows().begin(), opened->train_rows().end());
    double sum = 0, squares = 0;
    for (const float z : opened.Gather(rows).dense) {
      sum += z;
      squares += static_cast<double>(z) * z;
    }
    // Inputs are rounded to 1 part in 2^24 of 100 deviations: 6e-6 each.
    EXPECT_NEAR(sum / 500, 0, 1e-5);
    EXPECT_NEAR(squares / 500, 1, 1e-5);
    EXPECT_NEAR(opened->dense_rms()[0], 1, 1e-5);
  }
}

TEST(FitTest, ConstantColumnsGiveZero) {
  for (const Transform transform :
       {Transform::kStandardize, Transform::kMinMax, Transform::kQuantile, Transform::kLog1p}) {
    TestTable table = OneColumn({7, 7, 7, 9}, transform);
    table.train_file_rows = 3;
    const Opened opened(table, FilesOnly());
    ASSERT_OK(opened.status());
    EXPECT_THAT(opened.Gather({0, 1, 2}).dense, Each(0.0f));
  }
  const Opened rounding(OneColumn({1e7f, 1e7f + 1, 1e7f}, Transform::kStandardize), AllTrain());
  EXPECT_THAT(rounding.Gather({0, 1, 2}).dense, Each(0.0f));
}

TEST(FitTest, MinMaxAndNone) {
  TestTable table = OneColumn({2, 4, 6, 10}, Transform::kMinMax);
  table.train_file_rows = 3;
  const Opened scaled(table, FilesOnly());
  EXPECT_THAT(scaled.Gather({0, 1, 2, 3}).dense, ElementsAre(0, 0.5f, 1, 2));
  const Opened raw(OneColumn({2, -400, 6}, Transform::kNone), AllTrain());
  EXPECT_THAT(raw.Gather({0, 1, 2}).dense, ElementsAre(2, -400, 6));
}

TEST(FitTest, QuantilesAreRanksWhateverTheScale) {
  // 0, 1, 8, ..., 100^3: the ranks are evenly spaced.
  std::vector<float> values;
  for (int i = 0; i <= 100; ++i) values.push_back(static_cast<float>(i * i * i));
  TestTable table = OneColumn(values, Transform::kQuantile);
  table.columns[0].quantiles = 11;
  const Opened opened(table, AllTrain());
  const auto z = [](double u) {
    return FloatNear(static_cast<float>((u - 0.5) * std::sqrt(12.0)), 1e-5f);
  };
  EXPECT_THAT(opened.Gather({0, 10, 50, 100}).dense, ElementsAre(z(0), z(0.1), z(0.5), z(1)));
  // Between the cuts 20^3 and 30^3, linear in the value.
  EXPECT_THAT(opened.Gather({25}).dense, ElementsAre(z(0.2 + 0.1 * (15625 - 8000) / 19000.0)));
}

TEST(FitTest, EqualCutsShareTheirMiddleRank) {
  TestTable table = OneColumn({0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5}, Transform::kQuantile);
  table.columns[0].quantiles = 11;
  const Opened opened(table, AllTrain());
  const float z = static_cast<float>((0.35 - 0.5) * std::sqrt(12.0));  // ranks 0 .. .7
  EXPECT_THAT(opened.Gather({0}).dense, ElementsAre(FloatNear(z, 1e-6f)));
}

TEST(FitTest, MissingNumbersTakeTheMeanAndSetTheIndicator) {
  const Opened opened(OneColumn({1, kMissing, 3, kMissing}, Transform::kStandardize), AllTrain());
  ASSERT_OK(opened.status());
  EXPECT_EQ(opened->layout().dense_width, 2);
  EXPECT_DOUBLE_EQ(opened->numeric_fits()[0].mean, 2);
  // The indicator has mean 1/2 and deviation 1/2.
  EXPECT_THAT(opened.Gather({0, 1, 2, 3}).dense, ElementsAre(-1, -1, 0, 1, 1, -1, 0, 1));
  const Opened scaled(OneColumn({1, kMissing, 5}, Transform::kMinMax), AllTrain());
  EXPECT_FLOAT_EQ(scaled.Gather({1}).dense[0], 0.5);
}

TEST(FitTest, AnIndicatorThatTrainingNeverSawIsZero) {
  TestTable table = OneColumn({1, 2, 3, kMissing}, Transform::kStandardize);
  table.train_file_rows = 3;
  const Opened opened(table, FilesOnly());
  EXPECT_THAT(opened.Gather({3}).dense, ElementsAre(0, 0));
  EXPECT_FLOAT_EQ(opened.Gather({0}).dense[1], 0);
}

TEST(FitTest, AColumnMissingInAllTrainingRowsGivesZero) {
  for (const Transform transform :
       {Transform::kStandardize, Transform::kMinMax, Transform::kQuantile, Transform::kNone}) {
    TestTable table = OneColumn({kMissing, kMissing, 5}, transform);
    table.train_file_rows = 2;
    const Opened opened(table, FilesOnly());
    ASSERT_OK(opened.status());
    EXPECT_THAT(opened.Gather({0, 1}).dense, Each(0.0f));
  }
}

TEST(FitTest, RareValuesBecomeUnknown) {
  TestTable table;
  table.columns = {CategoricalColumn("c", 4, 2), CategoricalColumn("d", 3, 1)};
  table.codes = {{1, 1}, {1, 2}, {2, 1}, {0, 1}, {3, 1}, {3, 2}};
  table.target = {0, 1, 0, 1, 0, 1};
  table.train_file_rows = 5;
  const Opened opened(table, FilesOnly());
  ASSERT_OK(opened.status());
  // Training counts of c: 1 twice, 2 and 3 once each.
  EXPECT_THAT(opened.Gather({0, 1, 2, 3, 4, 5}).codes,
              ElementsAre(1, 1, 1, 2, 0, 1, 0, 1, 0, 1, 0, 2));
  EXPECT_THAT(opened->code_counts(0), ElementsAre(3, 2, 0, 0));
  EXPECT_THAT(opened->code_counts(1), ElementsAre(0, 4, 1));
  EXPECT_EQ(opened->MapCode(0, 3), 0);
  EXPECT_EQ(opened->MapCode(1, 2), 2);
}

TEST(TrainingTableTest, GathersTargetsWeightsAndOnlyWhatIsAskedFor) {
  TestTable table = OneColumn({1, 2, 3}, Transform::kNone);
  table.weight = {1, 0.5, 4};
  const Opened opened(table, AllTrain());
  const Inputs inputs = opened.Gather({2, 0});
  EXPECT_THAT(inputs.target, ElementsAre(0, 1));
  EXPECT_THAT(inputs.weight, ElementsAre(4, 1));
  std::vector<float> dense(6, -7);
  const std::vector<uint32_t> rows = {0, 1, 2};
  opened->Gather(rows, dense.data(), 2, nullptr, nullptr, nullptr);
  EXPECT_THAT(dense, ElementsAre(1, -7, 2, -7, 3, -7));
}

TEST(TrainingTableTest, MixedColumnsAgreeWithTheFitOneByOne) {
  RngStream random(5, "test/values");
  TestTable table;
  const Transform transforms[] = {Transform::kStandardize, Transform::kNone, Transform::kQuantile,
                                  Transform::kLog1p, Transform::kMinMax};
  for (int j = 0; j < 23; ++j) {
    table.columns.push_back(NumericColumn("x", transforms[j % 5]));
    if (j % 4 == 0) table.columns.push_back(CategoricalColumn("c", 3));
  }
  for (uint64_t i = 0; i < 50; ++i) {
    std::vector<float> row;
    for (uint64_t j = 0; j < 23; ++j) {
      const uint64_t at = i * 23 + j;
      const bool is_missing = j % 6 == 0 && random.Below(at, 5) == 0;
      row.push_back(is_missing ? kMissing : static_cast<float>(random.Normal(at + 10000)));
    }
    table.numeric.push_back(row);
    table.codes.push_back({1, 2, 0, 1, 2, static_cast<int32_t>(i % 3)});
    table.target.push_back(i % 2);
  }
  const Opened opened(table, AllTrain());
  ASSERT_OK(opened.status());
  const TableLayout& layout = opened->layout();
  std::vector<uint32_t> rows(opened->train_rows().begin(), opened->train_rows().end());
  const Inputs inputs = opened.Gather(rows);
  for (const uint32_t row : rows) {
    size_t j = 0;
    for (const FeatureLayout& feature : layout.features) {
      if (feature.categorical) {
        EXPECT_EQ(inputs.codes[row * 6 + feature.code_slot], table.codes[row][feature.code_slot]);
        continue;
      }
      const float x = table.numeric[row][j];
      const float* out = &inputs.dense[row * layout.dense_width];
      EXPECT_EQ(out[feature.value_offset], MapNumeric(opened->numeric_fits()[j], x));
      if (feature.indicator_offset >= 0) {
        EXPECT_EQ(out[feature.indicator_offset] > 0, std::isnan(x));
      }
      ++j;
    }
  }
}

TEST(TrainingTableTest, ManyThreadsGatherTheSameBytes) {
  RngStream random(6, "test/values");
  TestTable table;
  for (int j = 0; j < 40; ++j) table.columns.push_back(NumericColumn("x"));
  for (uint64_t i = 0; i < 256; ++i) {
    std::vector<float> row;
    for (uint64_t j = 0; j < 40; ++j) row.push_back(static_cast<float>(random.Normal(i * 40 + j)));
    table.numeric.push_back(row);
    table.target.push_back(i % 2);
  }
  const Opened opened(table, AllTrain());
  const std::vector<uint32_t> rows = random.Permutation(256);
  const Inputs whole = opened.Gather(rows);
  std::vector<float> dense(256 * 40);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      opened->Gather(std::span<const uint32_t>(rows).subspan(t * 64, 64),
                     dense.data() + t * 64 * 40, 40, nullptr, nullptr, nullptr);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::memcmp(dense.data(), whole.dense.data(), dense.size() * sizeof(float)), 0);
}

// Three kinds of column, with missing values, cut points and rare codes.
TestTable ForCheckpoints() {
  RngStream random(9, "test/values");
  TestTable table;
  table.columns = {NumericColumn("a"), NumericColumn("b", Transform::kQuantile),
                   CategoricalColumn("c", 5, 3)};
  table.columns[1].quantiles = 7;
  for (uint64_t i = 0; i < 80; ++i) {
    const auto x = static_cast<float>(random.Normal(i));
    table.numeric.push_back({i % 9 == 0 ? kMissing : x, x * x});
    table.codes.push_back({static_cast<int32_t>(i % 20 == 0 ? 4 : i % 4)});
    table.target.push_back(i % 2);
  }
  return table;
}

TEST(TrainingTableTest, ASavedTableGathersTheSameBytes) {
  const Opened opened(ForCheckpoints(), SplitSpec());
  ASSERT_OK(opened.status());
  Checkpoint checkpoint;
  opened->Save("data", &checkpoint);
  ASSERT_OK_AND_ASSIGN(
      const TrainingTable loaded,
      TrainingTable::Load(&opened.packed(), opened.profile(), SplitSpec(), checkpoint, "data"));
  std::vector<uint32_t> rows(80);
  for (uint32_t i = 0; i < 80; ++i) rows[i] = i;
  const Inputs inputs = opened.Gather(rows);
  std::vector<float> dense(inputs.dense.size());
  std::vector<int32_t> codes(inputs.codes.size());
  loaded.Gather(rows, dense.data(), loaded.layout().dense_width, codes.data(), nullptr, nullptr);
  EXPECT_EQ(std::memcmp(dense.data(), inputs.dense.data(), dense.size() * sizeof(float)), 0);
  EXPECT_EQ(codes, inputs.codes);
  EXPECT_TRUE(std::equal(loaded.test_rows().begin(), loaded.test_rows().end(),
                         opened->test_rows().begin(), opened->test_rows().end()));
  EXPECT_TRUE(std::equal(loaded.dense_rms().begin(), loaded.dense_rms().end(),
                         opened->dense_rms().begin(), opened->dense_rms().end()));
  EXPECT_EQ(loaded.target_mean(), opened->target_mean());
  Checkpoint again;
  loaded.Save("data", &again);
  EXPECT_EQ(again.sections(), checkpoint.sections());
}

TEST(TrainingTableTest, RefusesTheStateOfAnotherTableOrSplit) {
  const Opened opened(ForCheckpoints(), SplitSpec());
  Checkpoint checkpoint;
  opened->Save("data", &checkpoint);
  const auto load = [&](const DatasetProfile& profile, const SplitSpec& split,
                        const Checkpoint& state) {
    return TrainingTable::Load(&opened.packed(), profile, split, state, "data").status();
  };
  SplitSpec split;
  split.seed = 8;
  EXPECT_THAT(load(opened.profile(), split, checkpoint),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("seed 7")));
  DatasetProfile profile = opened.profile();
  profile.table_sha256 = "other";
  EXPECT_THAT(load(profile, SplitSpec(), checkpoint),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("table other")));
  for (const auto& [name, bytes] : checkpoint.sections()) {
    if (name == "data/cuts/1") continue;  // any number of cut points is possible
    Checkpoint damaged = checkpoint;
    damaged.Put(name, std::string(bytes) + "x");
    EXPECT_THAT(load(opened.profile(), SplitSpec(), damaged), StatusIs(absl::StatusCode::kDataLoss))
        << name;
  }
  EXPECT_THAT(load(opened.profile(), SplitSpec(), Checkpoint()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(TrainingTableTest, RegressionTargetsAreMeasuredOnTrainingRows) {
  TestTable table = OneColumn({1, 2, 3, 4}, Transform::kNone);
  table.classes = {};
  table.target = {10, 14, 12, 1e6};
  table.train_file_rows = 3;
  const Opened opened(table, FilesOnly());
  ASSERT_OK(opened.status());
  EXPECT_DOUBLE_EQ(opened->target_mean(), 12);
  EXPECT_DOUBLE_EQ(opened->target_stddev(), std::sqrt(8.0 / 3));
  table.target = {5, 5, 5, 1};
  EXPECT_DOUBLE_EQ(Opened(table, FilesOnly())->target_stddev(), 1);
}

TEST(TrainingTableTest, RefusesCodesOutsideTheVocabularyInAnyPart) {
  TestTable table;
  table.columns = {CategoricalColumn("c", 3)};
  table.codes = {{1}, {2}, {1}};
  table.target = {0, 1, 1};
  table.train_file_rows = 2;
  for (const int row : {0, 2}) {
    TestTable bad = table;
    bad.codes[row][0] = 3;
    EXPECT_THAT(Opened(bad, FilesOnly()).status(),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("code 3 of a vocabulary of 3")));
  }
}

}  // namespace
}  // namespace winnow::data
