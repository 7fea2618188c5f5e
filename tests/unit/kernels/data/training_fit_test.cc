// What a training table learns from its training rows: transforms, indicators, rare values.
#include <cmath>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/training_table_testing.h"

namespace winnow::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;

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

}  // namespace
}  // namespace winnow::data
