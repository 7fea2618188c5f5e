#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class ResolveFeaturesTest : public ::testing::Test {
 protected:
  const DatasetProfile profile_ = AdultProfile();
  Spec spec_ = SelectFeatures(6);
  std::string At(const std::string& path) {
    return MessageAt(spec_, profile_, "feature_selection." + path);
  }
};

TEST_F(ResolveFeaturesTest, EveryColumnIsACandidateInTableOrder) {
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.task, "feature_selection");
  EXPECT_EQ(plan.candidates.size(), 14);
  EXPECT_EQ(plan.candidates.items[3].name, "education");
  EXPECT_THAT(plan.candidates.items[3].columns, ElementsAre(3));
  EXPECT_EQ(plan.max_picks, 6);
}

TEST_F(ResolveFeaturesTest, BytesAreTableAndRowsOfTheFirstLayer) {
  spec_.model.hidden_units = {{10}};
  spec_.model.embedding_dimension = 8;
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(CandidateNamed(plan, "age").cost.bytes, 4 * 10);
  EXPECT_EQ(CandidateNamed(plan, "age").cost.flops, 10);
  // A value and an indicator of what is missing.
  EXPECT_EQ(CandidateNamed(plan, "hours-per-week").cost.bytes, 4 * 20);
  EXPECT_EQ(CandidateNamed(plan, "sex").cost.bytes, 4 * (3 * 8 + 8 * 10));
  EXPECT_EQ(CandidateNamed(plan, "sex").cost.flops, 80);
}

TEST_F(ResolveFeaturesTest, AGroupIsOneCandidateAtItsFirstColumn) {
  Features(spec_).groups = {{"place", {"native-country", "race"}}};
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.size(), 13);
  const Candidate& place = CandidateNamed(plan, "place");
  EXPECT_THAT(place.columns, ElementsAre(8, 13));
  EXPECT_EQ(plan.candidates.items[8].name, "place");
  Spec plain = SelectFeatures(6);
  const Plan single = PlanOf(plain, profile_);
  EXPECT_EQ(place.cost.bytes, CandidateNamed(single, "race").cost.bytes +
                                  CandidateNamed(single, "native-country").cost.bytes);
}

TEST_F(ResolveFeaturesTest, ForbiddenFeaturesAreNoCandidatesAndNoInputs) {
  Features(spec_).forbid = {"fnlwgt", "sex"};
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.size(), 12);
  EXPECT_EQ(plan.model.fields.size(), 12u);
  for (const InputField& field : plan.model.fields) {
    EXPECT_NE(field.column, 2);
    EXPECT_NE(field.column, 9);
  }
}

TEST_F(ResolveFeaturesTest, ForbiddenGroupTakesItsColumnsAlong) {
  Features(spec_).groups = {{"place", {"native-country", "race"}}};
  Features(spec_).forbid = {"place"};
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.size(), 12);
  EXPECT_EQ(plan.model.fields.size(), 12u);
}

TEST_F(ResolveFeaturesTest, MustKeepAndPricesFindTheirCandidates) {
  Features(spec_).must_keep = {"sex", "age"};
  Features(spec_).costs = {{"race", 2.5}};
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_THAT(plan.candidates.must_keep, ElementsAre(0, 9));
  EXPECT_EQ(CandidateNamed(plan, "race").cost.price, 2.5);
  EXPECT_EQ(CandidateNamed(plan, "age").cost.price, 1.0);
}

TEST_F(ResolveFeaturesTest, BudgetAboveTheCandidates) {
  Features(spec_).budget.max_count = 20;
  EXPECT_EQ(At("budget.max_count"),
            "must be at most 14 (the number of candidates), got 20: 6 too many");
  Features(spec_).forbid = {"age", "sex"};
  Features(spec_).budget.max_count = 13;
  EXPECT_EQ(At("budget.max_count"),
            "must be at most 12 (the number of candidates that forbid leaves), got 13: 1 too many");
}

TEST_F(ResolveFeaturesTest, BudgetsThatMakeNoSense) {
  Features(spec_).budget = {};
  EXPECT_EQ(At("budget"), "is empty; give max_count, max_bytes, max_flops or quality_tolerance");
  Features(spec_).budget.max_count = 0;
  EXPECT_EQ(At("budget.max_count"), "must be >= 1, got 0");
  Features(spec_).budget = {.density = 0.5};
  EXPECT_EQ(At("budget.density"), "is for block_pruning only; use max_count");
  Features(spec_).budget = {.max_bytes = 3};
  EXPECT_EQ(
      At("budget.max_bytes"),
      "holds none of the 14 candidates: the smallest, 'age', needs 256 bytes, max_bytes is 3: "
      "253 too many");
}

TEST_F(ResolveFeaturesTest, UnknownNamesComeWithTheNearestKnownOne) {
  Features(spec_).must_keep = {"ocupation"};
  EXPECT_EQ(At("must_keep[0]"), "no feature 'ocupation'; did you mean 'occupation'?");
  Features(spec_).must_keep = {};
  Features(spec_).forbid = {"age", "zzz"};
  EXPECT_THAT(At("forbid[1]"), HasSubstr("no feature 'zzz'; known: age, workclass"));
  Features(spec_).forbid = {};
  Features(spec_).costs = {{"ages", 1.0}};
  EXPECT_THAT(At("costs.ages"), HasSubstr("did you mean 'age'?"));
}

TEST_F(ResolveFeaturesTest, GroupsThatOverlapOrHideOrAreEmpty) {
  Features(spec_).groups = {{"a", {"age", "sex"}}, {"b", {"sex", "race"}}};
  EXPECT_EQ(At("groups.b"), "column 'sex' is already in group a");
  Features(spec_).groups = {{"age", {"sex", "race"}}};
  EXPECT_EQ(At("groups.age"), "has the name of a column");
  Features(spec_).groups = {{"none", {}}};
  EXPECT_EQ(At("groups.none"), "is empty");
  Features(spec_).groups = {{"odd", {"agee"}}};
  EXPECT_EQ(At("groups.odd"), "no column 'agee'; did you mean 'age'?");
}

TEST_F(ResolveFeaturesTest, AColumnInAGroupIsNamedByItsGroup) {
  Features(spec_).groups = {{"place", {"native-country", "race"}}};
  Features(spec_).must_keep = {"race"};
  EXPECT_EQ(At("must_keep[0]"), "'race' is in group 'place'; name the group");
}

TEST_F(ResolveFeaturesTest, MustKeepAgainstForbidAndTwice) {
  Features(spec_).must_keep = {"age", "sex", "age"};
  Features(spec_).forbid = {"sex"};
  EXPECT_EQ(At("must_keep"), "'sex' is also in forbid");
  EXPECT_EQ(At("must_keep[2]"), "'age' stands twice");
}

TEST_F(ResolveFeaturesTest, MustKeepBeyondTheBudget) {
  Features(spec_).budget.max_count = 2;
  Features(spec_).must_keep = {"age", "sex", "race"};
  EXPECT_THAT(At("must_keep"), HasSubstr("the budget does not hold all 3"));
}

TEST_F(ResolveFeaturesTest, EveryLimitThatMustKeepBreaksIsNamedWithItsExcess) {
  spec_.model.hidden_units = {{10}};
  spec_.model.embedding_dimension = 8;
  FeatureSelection& task = Features(spec_);
  task.groups = {{"both", {"age", "sex"}}};  // 40 + 416 bytes, 10 + 80 multiply-adds
  task.must_keep = {"both", "hours-per-week"};
  task.costs = {{"both", 2.5}};
  task.budget = {.max_count = 1, .max_bytes = 500, .max_flops = 100, .max_cost = 3.0};
  EXPECT_THAT(
      ViolationsOf(spec_, profile_),
      ElementsAre(Pair("feature_selection.must_keep",
                       "the budget does not hold all 2: they need 2 candidates, max_count is 1: 1 "
                       "too many"),
                  Pair("feature_selection.must_keep",
                       "the budget does not hold all 2: they need 536 bytes, max_bytes is 500: 36 "
                       "too many; the largest, 'both', needs 456"),
                  Pair("feature_selection.must_keep",
                       "the budget does not hold all 2: they need 110 multiply-adds, max_flops is "
                       "100: 10 too many; the largest, 'both', needs 90"),
                  Pair("feature_selection.must_keep",
                       "the budget does not hold all 2: they need 3.5 units of cost, max_cost is "
                       "3: 0.5 too many; the largest, 'both', needs 2.5")));
}

TEST_F(ResolveFeaturesTest, LimitsThatTogetherHoldNothing) {
  spec_.model.hidden_units = {{10}};
  spec_.model.embedding_dimension = 8;
  for (const ColumnProfile& column : profile_.columns) Features(spec_).costs[column.name] = 9;
  Features(spec_).costs["sex"] = 1;  // cheap, and too large
  Features(spec_).budget = {.max_bytes = 100, .max_cost = 1.5};
  EXPECT_THAT(ViolationsOf(spec_, profile_),
              ElementsAre(Pair("feature_selection.budget",
                               "max_bytes and max_cost together hold none of the 14 candidates: "
                               "the nearest, 'sex', needs 416 bytes, max_bytes is 100: 316 too "
                               "many")));
}

TEST_F(ResolveFeaturesTest, ACandidateAboveTheBudgetIsToldOf) {
  spec_.model.hidden_units = {{10}};
  spec_.model.embedding_dimension = 8;
  Features(spec_).budget = {.max_bytes = 900};
  Features(spec_).groups = {{"people", {"sex", "race", "relationship"}}};
  EXPECT_THAT(NeverAffordable(PlanOf(spec_, profile_)), HasSubstr("'people' needs "));
  Features(spec_).budget = {.max_count = 3};
  EXPECT_EQ(NeverAffordable(PlanOf(spec_, profile_)), "");
}

TEST_F(ResolveFeaturesTest, PricesBindUnderMaxCost) {
  Features(spec_).costs = {{"age", 0.1}, {"sex", 0.2}};
  Features(spec_).budget = {.max_cost = 0.3};  // 0.1 + 0.2 is more than 0.3 in binary
  EXPECT_EQ(PlanOf(spec_, profile_).max_picks, 2);
  Features(spec_).budget.max_cost = 0;
  EXPECT_EQ(At("budget.max_cost"), "must be > 0, got 0");
}

TEST_F(ResolveFeaturesTest, TolerancesThatMakeNoSense) {
  Features(spec_).budget = {.quality_tolerance = -0.5};
  EXPECT_EQ(At("budget.quality_tolerance"), "must be >= 0, got -0.5");
  Features(spec_).budget = {.quality_tolerance = 0.01};
  EXPECT_EQ(PlanOf(spec_, profile_).max_picks, 14);
  spec_.split = profile_.split;
  spec_.split->kind = SplitSpec::Kind::kRandom;
  spec_.split->validation = 0;
  EXPECT_EQ(At("budget.quality_tolerance"), "is a loss on validation rows, and the split has none");
}

TEST_F(ResolveFeaturesTest, EverythingForbiddenLeavesNothing) {
  for (const ColumnProfile& column : profile_.columns) {
    Features(spec_).forbid.push_back(column.name);
  }
  EXPECT_EQ(At("forbid"), "leaves no candidate");
}

TEST_F(ResolveFeaturesTest, PricesArePositive) {
  Features(spec_).costs = {{"age", 0.0}, {"sex", -1.0}};
  EXPECT_EQ(At("costs.age"), "must be > 0, got 0");
  EXPECT_EQ(At("costs.sex"), "must be > 0, got -1");
}

}  // namespace
}  // namespace winnow::plan
