// Trainings side by side: each is the training that it is alone.
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/lockstep.h"
#include "kernels/train/stages.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::ElementsAre;

class LockstepTest : public JobTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static plan::Spec SpecOf(const std::string& name) {
    if (name == "dimensions") return DimensionSpec(150);
    if (name == "blocks") return BlockSpec(0.3);
    plan::Spec spec = FeatureSpec(4);
    spec.evaluation.capacity_matched = true;
    if (name == "dlrm") spec.model = DlrmModel();
    if (name == "noise") spec.training.input_noise = spec.training.dropout = 0.1;
    if (name == "oversampled" || name == "tuned") spec.selector.params["oversample"] = 1.5;
    if (name == "tuned") spec.selector.params["tune_weight_decay"] = true;
    return spec;
  }
};

TEST_P(LockstepTest, CompanyChangesNothing) {
  plan::Spec spec = SpecOf(GetParam());
  spec.evaluation.curve = true;
  spec.evaluation.repeats = 4;
  spec.evaluation.controls = {"full", "random", "magnitude"};
  if (GetParam() == "dimensions") spec.evaluation.controls = {"full", "random"};
  spec.training.batch_size = 48;  // does not divide the rows: a short batch ends an epoch
  SetUpJob(MakePlanted(TargetKind::kMulticlass, 900, 6), spec);
  RecordingObserver together, alone;
  const JobOutcome outcome = RunToEnd(together, {.threads = 2});
  const JobBytes expected = BytesOf(RunToEnd(alone, {.side_by_side = false}), {});
  EXPECT_EQ(BytesOf(outcome, {}), expected);
  // Shares of the time went to all accounts.
  EXPECT_GT(outcome.timing.controls_s, 0);
  EXPECT_GT(outcome.timing.curve_s, 0);
  EXPECT_GT(outcome.timing.repeats_s, 0);
  EXPECT_GT(outcome.timing.select_s, 0);
}

INSTANTIATE_TEST_SUITE_P(Tasks, LockstepTest,
                         ::testing::Values("features", "noise", "oversampled", "tuned", "dlrm",
                                           "dimensions", "blocks"),
                         [](const auto& info) { return info.param; });

using GroupsTest = JobTest;

std::vector<std::string> NamesByGroup(const std::vector<Stage>& stages) {
  std::vector<std::string> groups;
  int32_t last = -1;
  for (const Stage& stage : stages) {
    if (stage.group != last) groups.emplace_back();
    if (!groups.back().empty()) groups.back() += " ";
    groups.back() += stage.name;
    last = stage.group;
  }
  return groups;
}

TEST_F(GroupsTest, TrialsAreTogether) {
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.controls = std::vector<std::string>{"full"};
  spec.selector.params["tune_weight_decay"] = true;
  SetUpJob(MakePlanted(TargetKind::kBinary, 900, 6), spec);
  EXPECT_THAT(NamesByGroup(PlanStages(plan_)),
              ElementsAre("trial/decay_1 trial/decay_10 trial/decay_30", "select/choose",
                          "retrain control/full"));
  plan_.model.parameters = plan::kLockstepBytes;
  EXPECT_EQ(NamesByGroup(PlanStages(plan_)).size(), PlanStages(plan_).size());
}

TEST_F(GroupsTest, TrainingsAreTogetherAsFarAsOneNeedsAnotherAndMemoryAllows) {
  plan::Spec spec = FeatureSpec(4);
  spec.selector.params["oversample"] = 1.0;
  spec.evaluation.controls = {"full", "random", "magnitude"};
  spec.evaluation.random_draws = 2;
  spec.evaluation.curve_points = {2, 3};
  spec.evaluation.repeats = 3;
  SetUpJob(MakePlanted(TargetKind::kBinary, 900, 6), spec);
  EXPECT_THAT(NamesByGroup(PlanStages(plan_)),
              ElementsAre("select", "retrain control/full control/random/0 control/random/1",
                          "control/magnitude curve/2 curve/3", "repeat/1 repeat/2"));
  // Two models of this size fit.
  plan::Plan wide = plan_;
  wide.model.parameters = plan::kLockstepBytes / 40;
  EXPECT_EQ(plan::LockstepModels(wide), 2);
  EXPECT_THAT(NamesByGroup(PlanStages(wide)),
              ElementsAre("select", "retrain control/full", "control/random/0 control/random/1",
                          "control/magnitude curve/2", "curve/3", "repeat/1 repeat/2"));
  wide.model.parameters = plan::kLockstepBytes;
  EXPECT_EQ(plan::LockstepModels(wide), 1);
  EXPECT_EQ(NamesByGroup(PlanStages(wide)).size(), PlanStages(wide).size());
}

}  // namespace
}  // namespace winnow::train
