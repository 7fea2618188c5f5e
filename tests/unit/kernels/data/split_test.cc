#include "kernels/data/split.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kernels/data/table_testing.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::winnow::test::StatusIs;
using ::winnow::test::TempDir;
using Kind = SplitSpec::Kind;

// 103 rows: class 1 every fifth row, ten groups of uneven size, time descending, files 83 + 0 + 20.
TestTable Example() {
  TestTable table;
  table.columns = {NumericColumn("x")};
  for (int i = 0; i < 103; ++i) {
    table.numeric.push_back({static_cast<float>((i * 37) % 103)});
    table.target.push_back(i % 5 == 0 ? 1 : 0);
    table.group.push_back(i * i % 10);
    table.split.push_back(i % 3);
    table.time.push_back(1000.0 - i);
  }
  table.split_values = {"train", "validation", "test"};
  table.train_file_rows = 83;
  return table;
}

class SplitTest : public ::testing::Test {
 protected:
  absl::StatusOr<SplitRows> Split(const TestTable& table, const SplitSpec& spec,
                                  bool is_large = false) {
    table.Write(dir_.File("t"));
    const auto opened = PackedTable::Open(dir_.File("t"));
    if (!opened.ok()) return opened.status();
    profile_ = table.Profile();
    return MakeSplit(*opened, profile_, spec, is_large);
  }

  // Disjoint, complete, ascending, and as many rows as the profile alone predicts.
  void ExpectValid(const SplitRows& rows, const SplitSpec& spec) {
    std::vector<uint32_t> all;
    for (const auto* part : {&rows.train, &rows.validation, &rows.test}) {
      EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
      all.insert(all.end(), part->begin(), part->end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), static_cast<size_t>(profile_.rows));
    for (uint32_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], i);
    if (spec.kind == Kind::kGroup) return;
    const SplitCounts counts = CountSplit(profile_, spec);
    EXPECT_EQ(static_cast<int64_t>(rows.train.size()), counts.train);
    EXPECT_EQ(static_cast<int64_t>(rows.validation.size()), counts.validation);
    EXPECT_EQ(static_cast<int64_t>(rows.test.size()), counts.test);
  }

  TempDir dir_;
  DatasetProfile profile_;
};

SplitSpec Spec(Kind kind, const std::string& column = "") {
  SplitSpec spec;
  spec.kind = kind;
  spec.column = column;
  spec.validation = 0.15;
  spec.test = 0.2;
  return spec;
}

TEST_F(SplitTest, EveryKindGivesTheCountsOfTheProfile) {
  for (const SplitSpec& spec :
       {Spec(Kind::kRandom), Spec(Kind::kStratified), Spec(Kind::kColumn, "part"),
        Spec(Kind::kTime, "time"), Spec(Kind::kTime, "x"), Spec(Kind::kGroup), Spec(Kind::kFiles),
        Spec(Kind::kFolds)}) {
    ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec));
    ExpectValid(rows, spec);
    ASSERT_OK_AND_ASSIGN(const SplitRows again, Split(Example(), spec));
    EXPECT_EQ(rows.train, again.train);
    EXPECT_EQ(rows.test, again.test);
  }
}

TEST_F(SplitTest, EveryKindGivesTheCountsOfTheProfileInALargeTable) {
  for (const SplitSpec& spec :
       {Spec(Kind::kRandom), Spec(Kind::kStratified), Spec(Kind::kColumn, "part"),
        Spec(Kind::kTime, "time"), Spec(Kind::kGroup), Spec(Kind::kFiles), Spec(Kind::kFolds)}) {
    ASSERT_OK_AND_ASSIGN(const SplitRows small, Split(Example(), spec));
    ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec, /*is_large=*/true));
    ExpectValid(rows, spec);
    EXPECT_EQ(rows.train.size(), small.train.size());
    EXPECT_EQ(rows.test.size(), small.test.size());
    ASSERT_OK_AND_ASSIGN(const SplitRows again, Split(Example(), spec, /*is_large=*/true));
    EXPECT_EQ(rows.train, again.train);
    EXPECT_EQ(rows.test, again.test);
    // What nothing is drawn for is the same in both.
    const bool is_drawn = spec.kind == Kind::kRandom || spec.kind == Kind::kStratified ||
                          spec.kind == Kind::kFiles || spec.kind == Kind::kFolds;
    EXPECT_EQ(rows.train == small.train, !is_drawn);
  }
}

// Every row is as likely as any other to be a test row: 1,000 seeds, p = 21/103, five deviations.
TEST_F(SplitTest, ALargeTableIsDrawnUniformly) {
  std::vector<int> counts(103);
  SplitSpec spec = Spec(Kind::kRandom);
  for (spec.seed = 0; spec.seed < 1000; ++spec.seed) {
    ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec, /*is_large=*/true));
    for (const uint32_t row : rows.test) ++counts[row];
  }
  for (const int count : counts) EXPECT_NEAR(count, 203.9, 5 * 12.7);
}

TEST_F(SplitTest, RandomDependsOnTheSeed) {
  SplitSpec spec = Spec(Kind::kRandom);
  ASSERT_OK_AND_ASSIGN(const SplitRows first, Split(Example(), spec));
  spec.seed = 8;
  ASSERT_OK_AND_ASSIGN(const SplitRows second, Split(Example(), spec));
  EXPECT_NE(first.test, second.test);
  EXPECT_EQ(first.test.size(), second.test.size());
}

TEST_F(SplitTest, StratifiedKeepsTheShareOfEveryClass) {
  const TestTable table = Example();  // 21 rows of class 1
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(table, Spec(Kind::kStratified)));
  const auto positives = [&table](const RowSet& part) {
    return std::count_if(part.begin(), part.end(),
                         [&](uint32_t r) { return table.target[r] == 1; });
  };
  EXPECT_EQ(positives(rows.test), 4);        // round(.2 * 21)
  EXPECT_EQ(positives(rows.validation), 3);  // round(.15 * 21)
}

TEST_F(SplitTest, ColumnFollowsItsValues) {
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), Spec(Kind::kColumn, "part")));
  for (const uint32_t row : rows.train) EXPECT_EQ(row % 3, 0u);
  for (const uint32_t row : rows.validation) EXPECT_EQ(row % 3, 1u);
  for (const uint32_t row : rows.test) EXPECT_EQ(row % 3, 2u);
}

TEST_F(SplitTest, ColumnWithoutValidationValuesDrawsFromTraining) {
  SplitSpec spec = Spec(Kind::kColumn, "part");
  spec.validation_values = {};
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec));
  ExpectValid(rows, spec);
  EXPECT_EQ(rows.validation.size(), 10u);  // round(.15 * 69)
  for (const uint32_t row : rows.validation) EXPECT_NE(row % 3, 2u);
}

TEST_F(SplitTest, TimePutsTheLatestRowsInTheTest) {
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), Spec(Kind::kTime, "time")));
  // Row 0 is the latest.
  EXPECT_EQ(rows.test.front(), 0u);
  EXPECT_EQ(rows.test[rows.test.size() - 1], 20u);
  EXPECT_EQ(rows.validation.front(), 21u);
  EXPECT_EQ(rows.train.front(), 36u);
}

TEST_F(SplitTest, TimeWorksOnANumericFeature) {
  const TestTable table = Example();
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(table, Spec(Kind::kTime, "x")));
  for (const uint32_t row : rows.test) EXPECT_GE(table.numeric[row][0], 82);
  for (const uint32_t row : rows.train) EXPECT_LT(table.numeric[row][0], 67);
}

TEST_F(SplitTest, GroupsStayTogether) {
  const TestTable table = Example();
  const SplitSpec spec = Spec(Kind::kGroup);
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(table, spec));
  ExpectValid(rows, spec);
  std::set<int32_t> seen;
  for (const auto* part : {&rows.train, &rows.validation, &rows.test}) {
    std::set<int32_t> groups;
    for (const uint32_t row : *part) groups.insert(table.group[row]);
    for (const int32_t group : groups) EXPECT_TRUE(seen.insert(group).second) << group;
  }
  EXPECT_GE(rows.test.size(), 21u);
  EXPECT_GE(rows.validation.size(), 15u);
}

TEST_F(SplitTest, FilesAreTheTestPart) {
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), Spec(Kind::kFiles)));
  EXPECT_EQ(rows.test.size(), 20u);
  EXPECT_EQ(rows.test.front(), 83u);
  EXPECT_EQ(rows.validation.size(), 12u);  // round(.15 * 83)
  TestTable table = Example();
  table.validation_file_rows = 15;
  ASSERT_OK_AND_ASSIGN(const SplitRows three, Split(table, Spec(Kind::kFiles)));
  EXPECT_EQ(three.validation.front(), 83u);
  EXPECT_EQ(three.validation.size(), 15u);
  EXPECT_EQ(three.test.front(), 98u);
  EXPECT_EQ(three.train.size(), 83u);
}

TEST_F(SplitTest, EveryRowIsTestInExactlyOneFold) {
  for (const bool is_large : {false, true}) {
    SplitSpec spec = Spec(Kind::kFolds);
    std::set<uint32_t> seen;
    for (spec.fold = 0; spec.fold < spec.folds; ++spec.fold) {
      ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec, is_large));
      ExpectValid(rows, spec);
      for (const uint32_t row : rows.test) EXPECT_TRUE(seen.insert(row).second);
    }
    EXPECT_EQ(seen.size(), 103u);
  }
}

TEST_F(SplitTest, SharesOfZeroLeaveTheOtherPartsEmpty) {
  SplitSpec spec;
  spec.validation = spec.test = 0;
  ASSERT_OK_AND_ASSIGN(const SplitRows rows, Split(Example(), spec));
  EXPECT_THAT(rows.validation, IsEmpty());
  EXPECT_THAT(rows.test, IsEmpty());
  EXPECT_EQ(rows.train.size(), 103u);
}

TEST_F(SplitTest, RefusesWhatItCannotDo) {
  const auto invalid = [](const std::string& message) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message));
  };
  EXPECT_THAT(Split(Example(), Spec(Kind::kColumn, "other")),
              invalid("split.column: 'other' is not kept in this dataset for splitting; its schema "
                      "names 'part'"));
  EXPECT_THAT(Split(Example(), Spec(Kind::kTime, "other")), invalid("split.column: 'other'"));
  EXPECT_THAT(Split(Example(), Spec(Kind::kGroup, "other")), invalid("names 'group'"));
  SplitSpec spec = Spec(Kind::kRandom);
  spec.test = 1;
  EXPECT_THAT(Split(Example(), spec), invalid("split.test: must be in [0, 1), got 1"));
  spec = Spec(Kind::kFolds);
  spec.fold = 5;
  EXPECT_THAT(Split(Example(), spec), invalid("fold 5 of 5"));
  spec.folds = 0;
  EXPECT_THAT(Split(Example(), spec), invalid("fold 5 of 0"));
  TestTable missing = Example();
  missing.numeric[5][0] = kMissing;
  EXPECT_THAT(Split(missing, Spec(Kind::kTime, "x")), invalid("has 1 missing values"));
  TestTable all_test = Example();
  all_test.train_file_rows = 0;
  EXPECT_THAT(Split(all_test, Spec(Kind::kFiles)), invalid("no training row is left of 103 rows"));
}

TEST_F(SplitTest, RefusesIdsThatNoImportWrites) {
  TestTable table = Example();
  table.group[3] = 1 << 30;
  EXPECT_THAT(Split(table, Spec(Kind::kGroup)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 3: the group")));
}

}  // namespace
}  // namespace winnow::data
