#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::HasSubstr;

constexpr char kFeaturePath[] = "feature_selection.budget.quality_tolerance";

Spec Tolerance(double tolerance) {
  Spec spec;
  FeatureSelection task;
  task.budget.quality_tolerance = tolerance;
  spec.task = task;
  return spec;
}

TEST(ResolveToleranceTest, AloneItLetsAllCandidatesBePicked) {
  const Plan plan = PlanOf(Tolerance(0.01), AdultProfile());
  EXPECT_EQ(plan.max_picks, plan.candidates.size());
  EXPECT_EQ(plan.spec.selector.name, "sequential_attention");
}

TEST(ResolveToleranceTest, OtherBoundsHoldBesides) {
  Spec spec = Tolerance(0.01);
  Features(spec).budget.max_count = 5;
  EXPECT_EQ(PlanOf(spec, AdultProfile()).max_picks, 5);
}

TEST(ResolveToleranceTest, ChunksWithoutAnotherBoundAreNotPruned) {
  Spec spec = SelectDimensions(400);
  Dimensions(spec).budget = {};
  Dimensions(spec).budget.quality_tolerance = 0.01;
  EXPECT_EQ(PlanOf(spec, AdultProfile()).spec.selector.name, "sequential_attention");
  spec.selector.name = "gated_gradual";
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "embedding_dimension.budget.quality_tolerance"),
              HasSubstr("needs a max_count or max_bytes beside it for selector.gated_gradual"));
  Dimensions(spec).budget.max_bytes = 400;
  EXPECT_EQ(PlanOf(spec, AdultProfile()).spec.selector.name, "gated_gradual");
}

TEST(ResolveToleranceTest, Refusals) {
  EXPECT_EQ(MessageAt(Tolerance(-1), AdultProfile(), kFeaturePath), "must be >= 0, got -1");
  Spec untrained = Tolerance(0.01);
  untrained.training.epochs = 0;
  EXPECT_THAT(MessageAt(untrained, AdultProfile(), kFeaturePath), HasSubstr("has no steps"));
  Spec unmeasured = Tolerance(0.01);
  unmeasured.split = SplitSpec{.validation = 0.0, .test = 0.2};
  unmeasured.training.early_stopping = false;
  EXPECT_THAT(MessageAt(unmeasured, AdultProfile(), kFeaturePath), HasSubstr("validation rows"));
  Spec blocks = PruneBlocks(0.05);
  Blocks(blocks).budget.quality_tolerance = 0.01;
  EXPECT_THAT(MessageAt(blocks, PixelProfile(60000, 784), "block_pruning.budget.quality_tolerance"),
              HasSubstr("use density or max_count"));
}

}  // namespace
}  // namespace winnow::plan
