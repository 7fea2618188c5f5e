#include "kernels/base/dataset_profile.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

DatasetProfile Example() {
  DatasetProfile profile;
  profile.rows = 100;
  profile.train_file_rows = 70;
  profile.validation_file_rows = 10;
  profile.dropped_rows = 3;
  ColumnProfile age;
  age.name = "age";
  age.transform = Transform::kQuantile;
  age.quantiles = 32;
  age.missing = 4;
  age.mean = 0.1;
  age.stddev = 1.0 / 3.0;
  age.min = -1e-300;
  age.max = 5e20;
  ColumnProfile job;
  job.name = "job \"quoted\" é";
  job.kind = ColumnKind::kCategorical;
  job.vocabulary = 17;
  job.min_count = 2;
  job.hashed = true;
  job.hash_collisions = 5;
  profile.columns = {age, job};
  profile.target = {"income", TargetKind::kBinary, {"<=50K", ">50K"}, {60, 40}};
  profile.has_weight = true;
  profile.has_group = true;
  profile.split.kind = SplitSpec::Kind::kColumn;
  profile.split.column = "case";
  profile.split.seed = ~uint64_t{0};
  profile.split_rows = {80, 10, 10};
  profile.group_column = "user";
  profile.time_column = "when";
  profile.split_column = "case";
  profile.split_values = {"train", "test"};
  profile.split_value_counts = {90, 10};
  profile.table_bytes = int64_t{1} << 40;
  profile.table_sha256 = std::string(64, 'a');
  profile.warnings = {"first", "second"};
  return profile;
}

void ExpectSameJson(const DatasetProfile& a, const DatasetProfile& b) {
  EXPECT_EQ(ToJson(a).dump(), ToJson(b).dump());
}

TEST(DatasetProfileJsonTest, ComesBackAsItWas) {
  const DatasetProfile profile = Example();
  const auto parsed = nlohmann::json::parse(ToJson(profile).dump());
  const auto back = DatasetProfileFromJson(parsed);
  ASSERT_TRUE(back.ok()) << back.status();
  ExpectSameJson(*back, profile);
  EXPECT_EQ(back->columns[0].stddev, 1.0 / 3.0);
  EXPECT_EQ(back->columns[0].min, -1e-300);
  EXPECT_EQ(back->columns[0].quantiles, 32);
  EXPECT_EQ(back->columns[1].name, "job \"quoted\" é");
  EXPECT_EQ(back->columns[1].vocabulary, 17);
  EXPECT_EQ(back->split, profile.split);
  EXPECT_EQ(back->split_rows, profile.split_rows);
  EXPECT_EQ(back->target.classes, profile.target.classes);
}

TEST(DatasetProfileJsonTest, KeepsTheNumbersOfARegressionTarget) {
  DatasetProfile profile = Example();
  profile.target = TargetProfile();
  profile.target.kind = TargetKind::kRegression;
  profile.target.mean = 0.3;
  profile.target.stddev = 2.5;
  profile.target.min = -7;
  profile.target.max = 9;
  const auto back = DatasetProfileFromJson(ToJson(profile));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->target.kind, TargetKind::kRegression);
  EXPECT_EQ(back->target.mean, 0.3);
  EXPECT_EQ(back->target.stddev, 2.5);
  EXPECT_EQ(back->target.min, -7);
  EXPECT_EQ(back->target.max, 9);
}

TEST(DatasetProfileJsonTest, UsesSnakeCaseNames) {
  const nlohmann::json json = ToJson(Example());
  EXPECT_EQ(json["train_file_rows"], 70);
  EXPECT_EQ(json["split"]["kind"], "column");
  EXPECT_EQ(json["target"]["class_counts"][1], 40);
  EXPECT_EQ(json["columns"][0]["transform"], "quantile");
  EXPECT_EQ(json["columns"][1]["kind"], "categorical");
}

TEST(DatasetProfileJsonTest, NamesTheMissingKeyWithItsPath) {
  nlohmann::json json = ToJson(Example());
  json["columns"][1].erase("vocabulary");
  const auto back = DatasetProfileFromJson(json);
  ASSERT_EQ(back.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(back.status().message(),
            "dataset profile: 'columns[1].vocabulary' is missing or not a whole number");
}

TEST(DatasetProfileJsonTest, NamesWhatAnEnumMayBe) {
  nlohmann::json json = ToJson(Example());
  json["target"]["kind"] = "ternary";
  const auto back = DatasetProfileFromJson(json);
  ASSERT_FALSE(back.ok());
  EXPECT_THAT(std::string(back.status().message()),
              HasSubstr("'target.kind' is missing or not one of binary multiclass regression"));
}

TEST(DatasetProfileJsonTest, RefusesEveryKindOfWrongType) {
  const nlohmann::json good = ToJson(Example());
  for (const auto& [key, value] : good.items()) {
    nlohmann::json bad = good;
    bad[key] = nlohmann::json::array({nlohmann::json::object()});
    const auto back = DatasetProfileFromJson(bad);
    ASSERT_FALSE(back.ok()) << key;
    EXPECT_THAT(std::string(back.status().message()), HasSubstr(key));
  }
  EXPECT_FALSE(DatasetProfileFromJson(nlohmann::json("text")).ok());
  EXPECT_FALSE(DatasetProfileFromJson(nlohmann::json()).ok());
}

SplitSpec Spec(SplitSpec::Kind kind, double validation, double test) {
  SplitSpec spec;
  spec.kind = kind;
  spec.validation = validation;
  spec.test = test;
  return spec;
}

TEST(CountSplitTest, SharesOfAllRows) {
  DatasetProfile profile;
  profile.rows = 103;
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kRandom, 0.1, 0.2)),
            (SplitCounts{72, 10, 21}));
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kTime, 0, 0)), (SplitCounts{103, 0, 0}));
}

TEST(CountSplitTest, StratifiedRoundsWithinClasses) {
  DatasetProfile profile;
  profile.rows = 30;
  profile.target.kind = TargetKind::kBinary;
  profile.target.class_counts = {26, 4};
  // Class 0: round(2.6) = 3 test and 3 validation rows; class 1: round(.4) = 0.
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kStratified, 0.1, 0.1)),
            (SplitCounts{24, 3, 3}));
}

TEST(CountSplitTest, FilesDrawOnlyWhatNoFileProvides) {
  DatasetProfile profile;
  profile.rows = 150;
  profile.train_file_rows = 100;
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kFiles, 0.1, 0.1)),
            (SplitCounts{90, 10, 50}));
  profile.validation_file_rows = 20;
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kFiles, 0.1, 0.1)),
            (SplitCounts{100, 20, 30}));
}

TEST(CountSplitTest, ColumnCountsItsValues) {
  DatasetProfile profile;
  profile.rows = 100;
  profile.split_column = "part";
  profile.split_values = {"train", "val", "test", "other"};
  profile.split_value_counts = {50, 20, 20, 10};
  SplitSpec spec = Spec(SplitSpec::Kind::kColumn, 0.1, 0.1);
  spec.column = "part";
  EXPECT_EQ(CountSplit(profile, spec), (SplitCounts{60, 20, 20}));
  spec.validation_values = {"none"};
  EXPECT_EQ(CountSplit(profile, spec), (SplitCounts{72, 8, 20}));
}

TEST(CountSplitTest, FoldsDifferByAtMostOneRow) {
  DatasetProfile profile;
  profile.rows = 103;
  SplitSpec spec = Spec(SplitSpec::Kind::kFolds, 0.1, 0.3);
  spec.folds = 5;
  int64_t sum = 0;
  for (spec.fold = 0; spec.fold < 5; ++spec.fold) {
    const SplitCounts counts = CountSplit(profile, spec);
    EXPECT_GE(counts.test, 20);
    EXPECT_LE(counts.test, 21);
    EXPECT_EQ(counts.validation, 10);
    EXPECT_EQ(counts.train + counts.validation + counts.test, 103);
    sum += counts.test;
  }
  EXPECT_EQ(sum, 103);
}

TEST(CountSplitTest, TheDatasetsOwnGroupSplitIsExact) {
  DatasetProfile profile;
  profile.rows = 100;
  profile.split = Spec(SplitSpec::Kind::kGroup, 0.1, 0.1);
  profile.split_rows = {75, 12, 13};
  EXPECT_EQ(CountSplit(profile, profile.split), profile.split_rows);
  EXPECT_EQ(CountSplit(profile, Spec(SplitSpec::Kind::kGroup, 0.2, 0.1)),
            (SplitCounts{70, 20, 10}));
}

}  // namespace
}  // namespace winnow
