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
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(ResolveEvaluationTest, MetricsFollowTheTarget) {
  EXPECT_THAT(PlanOf(SelectFeatures(6), AdultProfile()).spec.evaluation.metrics,
              ElementsAre("auc", "log_loss", "accuracy"));
  EXPECT_THAT(PlanOf(SelectFeatures(2), PixelProfile(1000, 5)).spec.evaluation.metrics,
              ElementsAre("accuracy", "log_loss"));
  EXPECT_THAT(PlanOf(SelectFeatures(2), RegressionProfile(1000)).spec.evaluation.metrics,
              ElementsAre("r2", "rmse"));
}

TEST(ResolveEvaluationTest, MetricsOfAnotherTargetOrUnknownOnesAreRefused) {
  Spec spec = SelectFeatures(2);
  spec.evaluation.metrics = {"acuracy", "auc", "gauc"};
  const DatasetProfile pixels = PixelProfile(1000, 5);
  EXPECT_EQ(MessageAt(spec, pixels, "evaluation.metrics[0]"),
            "no metric 'acuracy'; did you mean 'accuracy'?");
  EXPECT_THAT(MessageAt(spec, pixels, "evaluation.metrics[1]"),
              HasSubstr("'auc' is not defined for this target; use log_loss"));
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "evaluation.metrics[2]"),
              HasSubstr("needs a group column"));
}

TEST(ResolveEvaluationTest, ControlsByDefaultFullAndRandom) {
  const Plan plan = PlanOf(SelectFeatures(6), AdultProfile());
  EXPECT_THAT(plan.spec.evaluation.controls, Optional(ElementsAre("full", "random")));
  EXPECT_EQ(plan.spec.evaluation.random_draws, 3);
}

TEST(ResolveEvaluationTest, NoControlsWhenTheListIsEmpty) {
  Spec spec = SelectFeatures(6);
  spec.evaluation.controls = std::vector<std::string>{};
  EXPECT_THAT(PlanOf(spec, AdultProfile()).spec.evaluation.controls, Optional(IsEmpty()));
}

TEST(ResolveEvaluationTest, RepeatsRunTheSelectionAgain) {
  Spec spec = SelectFeatures(6);
  const Plan once = PlanOf(spec, AdultProfile());
  spec.evaluation.repeats = 5;
  const Plan plan = PlanOf(spec, AdultProfile());
  EXPECT_EQ(plan.estimate.steps, once.estimate.steps + 4 * once.selection_steps);
  EXPECT_GT(plan.estimate.seconds, once.estimate.seconds);
  for (const int32_t refused : {0, -1, 101}) {
    spec.evaluation.repeats = refused;
    EXPECT_THAT(MessageAt(spec, AdultProfile(), "evaluation.repeats"),
                HasSubstr("must be 1 to 100"));
  }
}

TEST(ResolveEvaluationTest, TransplantIsForBlocksOnly) {
  Spec blocks = PruneBlocks(0.05);
  blocks.evaluation.controls = std::vector<std::string>{"transplant"};
  PlanOf(blocks, PixelProfile(60000, 784));
  Spec features = SelectFeatures(6);
  features.evaluation.controls = std::vector<std::string>{"transplant"};
  EXPECT_THAT(MessageAt(features, AdultProfile(), "evaluation.controls[0]"),
              HasSubstr("no control 'transplant' for this task"));
}

TEST(ResolveEvaluationTest, CurveIsGeometricWithKAmongIt) {
  Spec spec = SelectFeatures(50);
  spec.evaluation.curve = true;
  EXPECT_THAT(PlanOf(spec, PixelProfile(60000, 784)).curve, ElementsAre(1, 2, 3, 5, 9, 16, 29, 50));
  EXPECT_THAT(PlanOf(SelectFeatures(50), PixelProfile(60000, 784)).curve, IsEmpty());
  spec = SelectFeatures(3);
  spec.evaluation.curve = true;
  EXPECT_THAT(PlanOf(spec, AdultProfile()).curve, ElementsAre(1, 2, 3));
}

TEST(ResolveEvaluationTest, CurveAtEverySizeOrAtGivenOnes) {
  Spec spec = SelectFeatures(6);
  spec.evaluation.curve_all = true;
  EXPECT_THAT(PlanOf(spec, AdultProfile()).curve, ElementsAre(1, 2, 3, 4, 5, 6));
  spec.evaluation.curve_points = {6, 2, 2};
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "evaluation.curve_points"), HasSubstr("not both"));
  spec.evaluation.curve_all = false;
  EXPECT_THAT(PlanOf(spec, AdultProfile()).curve, ElementsAre(2, 6));
  spec.evaluation.curve_points = {7};
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "evaluation.curve_points[0]"),
            "must be 1 to 6 (the number of picks), got 7");
}

TEST(ResolveEvaluationTest, RangesOfTheRest) {
  Spec spec = SelectFeatures(6);
  spec.evaluation.random_draws = 0;
  spec.evaluation.confidence_level = 1.0;
  spec.evaluation.bootstrap_samples = -1;
  EXPECT_THAT(ViolationsOf(spec, AdultProfile()), SizeIs(3));
}

TEST(ResolveEvaluationTest, ControlsAndCurveAreInTheEstimate) {
  Spec bare = SelectFeatures(6);
  bare.evaluation.controls = std::vector<std::string>{};
  Spec rich = SelectFeatures(6);
  rich.evaluation.curve_points = {2, 4};
  const Plan a = PlanOf(bare, AdultProfile()), b = PlanOf(rich, AdultProfile());
  EXPECT_EQ(a.estimate.steps, a.selection_steps + a.training_steps);
  // Retrain, full model, three random draws, two points of the curve.
  EXPECT_EQ(b.estimate.steps, b.selection_steps + 7 * b.training_steps);
  EXPECT_GT(b.estimate.seconds, 4 * a.estimate.seconds);
}

TEST(ResolveEvaluationTest, CapacityMatchedNeedsALayerToWiden) {
  Spec spec = SelectFeatures(6);
  const Plan without = PlanOf(spec, AdultProfile());
  spec.evaluation.capacity_matched = true;
  const Plan with = PlanOf(spec, AdultProfile());
  EXPECT_EQ(with.estimate.steps, without.estimate.steps + with.training_steps);
  EXPECT_GT(with.estimate.seconds, without.estimate.seconds);
  EXPECT_GT(with.estimate.memory_bytes, without.estimate.memory_bytes);
  spec.model.kind = ModelKind::kLinear;
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "evaluation.capacity_matched"),
              HasSubstr("needs a hidden layer"));
  Spec blocks = PruneBlocks(0.05);
  blocks.evaluation.capacity_matched = true;
  EXPECT_THAT(MessageAt(blocks, PixelProfile(60000, 784), "evaluation.capacity_matched"),
              HasSubstr("keeps its shape"));
}

TEST(ResolveEvaluationTest, CurveOfBlocksHalvesTheirNumber) {
  Spec spec = PruneBlocks(0.05);
  spec.evaluation.curve = true;
  const Plan plan = PlanOf(spec, PixelProfile(60000, 784));
  ASSERT_FALSE(plan.curve.empty());
  EXPECT_LE(plan.curve.size(), 8u);
  EXPECT_EQ(plan.curve.back(), plan.max_picks);
  for (size_t i = 1; i < plan.curve.size(); ++i) {
    EXPECT_EQ(plan.curve[i - 1], plan.curve[i] / 2);
  }
  spec.evaluation.curve = false;
  spec.evaluation.curve_all = true;
  EXPECT_THAT(MessageAt(spec, PixelProfile(60000, 784), "evaluation.curve_all"),
              HasSubstr("a model per block"));
}

TEST(ResolveEvaluationTest, PruningOfBlocksIsItsOwnTraining) {
  Spec spec = PruneBlocks(0.05);
  spec.evaluation.controls = std::vector<std::string>{};
  const Plan plan = PlanOf(spec, PixelProfile(60000, 784));
  EXPECT_EQ(plan.estimate.steps, plan.training_steps);
}

}  // namespace
}  // namespace winnow::plan
