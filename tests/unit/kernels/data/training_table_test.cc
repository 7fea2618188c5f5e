#include "kernels/data/training_table.h"

#include <cmath>
#include <cstring>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/training_table_testing.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::winnow::test::StatusIs;

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
