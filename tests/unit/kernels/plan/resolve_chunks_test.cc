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

class ResolveChunksTest : public ::testing::Test {
 protected:
  const DatasetProfile profile_ = AdultProfile();
  Spec spec_ = SelectDimensions(400);
  std::string At(const std::string& path) {
    return MessageAt(spec_, profile_, "embedding_dimension." + path);
  }
};

TEST_F(ResolveChunksTest, OneCandidatePerDimensionOfEveryCategoricalField) {
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.gate, GateKind::kChunk);
  EXPECT_EQ(plan.candidates.size(), 8 * 8);
  const Candidate& third = CandidateNamed(plan, "sex[2]");
  EXPECT_THAT(third.columns, ElementsAre(9));
  EXPECT_EQ(third.begin, 2);
  EXPECT_EQ(third.end, 3);
  EXPECT_EQ(third.cost.bytes, 3 * 4);
  EXPECT_EQ(CandidateNamed(plan, "native-country[0]").cost.bytes, 42 * 4);
}

TEST_F(ResolveChunksTest, EachChunkNeedsTheOneBeforeAndTheFirstNone) {
  const Plan plan = PlanOf(spec_, profile_);
  for (int32_t c = 0; c < plan.candidates.size(); ++c) {
    EXPECT_EQ(plan.candidates.items[c].prerequisite, c % 8 == 0 ? -1 : c - 1);
  }
  Dimensions(spec_).prefix = false;
  const Plan free = PlanOf(spec_, profile_);
  for (const Candidate& candidate : free.candidates.items) EXPECT_EQ(candidate.prerequisite, -1);
}

TEST_F(ResolveChunksTest, LastChunkIsSmallerWhenTheWidthDoesNotDivide) {
  Dimensions(spec_).chunk = 3;
  Dimensions(spec_).fields = {"sex"};
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_THAT(CandidateNames(plan), ElementsAre("sex[0:3]", "sex[3:6]", "sex[6:8]"));
  EXPECT_EQ(plan.candidates.items[2].cost.bytes, 3 * 2 * 4);
}

TEST_F(ResolveChunksTest, BudgetCountsHowManyOfTheCheapestFit) {
  // sex 12 bytes a dimension, race 24: eight of sex and then eight of race make 288; relationship
  // 28 each: four more within 400.
  EXPECT_EQ(PlanOf(spec_, profile_).max_picks, 20);
}

TEST_F(ResolveChunksTest, UnknownFieldsChunksAndDuplicates) {
  Dimensions(spec_).fields = {"ocupation"};
  EXPECT_EQ(At("fields[0]"), "no categorical column 'ocupation'; did you mean 'occupation'?");
  Dimensions(spec_).fields = {"age"};
  EXPECT_THAT(At("fields[0]"), HasSubstr("no categorical column 'age'"));
  Dimensions(spec_).fields = {"sex", "sex"};
  EXPECT_EQ(At("fields[1]"), "'sex' stands twice");
  Dimensions(spec_).fields = {};
  Dimensions(spec_).chunk = 9;
  EXPECT_EQ(At("chunk"), "must be 1 to 8 (the embedding dimension), got 9");
}

TEST_F(ResolveChunksTest, BudgetThatHoldsNothing) {
  Dimensions(spec_).budget.max_bytes = 11;
  EXPECT_EQ(At("budget.max_bytes"),
            "holds none of the 64 candidates: the smallest, 'sex[0]', needs 12 bytes, max_bytes is "
            "11: 1 too many");
  Dimensions(spec_).budget = {.max_cost = 2.0};
  EXPECT_EQ(At("budget.max_cost"), "is for feature_selection only, whose candidates have costs");
}

TEST_F(ResolveChunksTest, TableWithoutCategoriesHasNoEmbeddings) {
  EXPECT_EQ(MessageAt(spec_, PixelProfile(1000, 5), "embedding_dimension"),
            "the dataset has no categorical column, so no embeddings");
}

}  // namespace
}  // namespace winnow::plan
