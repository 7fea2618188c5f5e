// Jobs that look for the smallest subset within a tolerance of the full model.

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/export/selection_json.h"
#include "kernels/train/subset.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ToleranceJobTest : public JobTest {
 protected:
  static plan::Spec SpecOf(double tolerance) {
    plan::Spec spec = FeatureSpec(1);
    std::get<plan::FeatureSelection>(spec.task).budget = {.quality_tolerance = tolerance};
    spec.evaluation.controls = {"random", "magnitude"};
    return spec;
  }
  static Budget& BudgetOf(plan::Spec& spec) {
    return std::get<plan::FeatureSelection>(spec.task).budget;
  }
  void SetUpWith(const plan::Spec& spec) {
    SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 5), spec);
  }
  static double LossOf(const SplitMetrics& metrics) {
    return metrics.at("validation").at("log_loss").value.value_or(-1);
  }
};

TEST_F(ToleranceJobTest, KeepsTheSmallestSizeThatIsWithinIt) {
  SetUpWith(SpecOf(0.02));
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  ASSERT_TRUE(selection.tolerance.has_value());
  const ToleranceOutcome& outcome = *selection.tolerance;
  const auto kept = static_cast<int64_t>(selection.picks.size());
  EXPECT_GE(kept, 1);
  EXPECT_LT(kept, plan_.candidates.size());
  for (const SizeTried& size : outcome.tried) {
    if (size.k < kept) {
      EXPECT_GT(size.loss, outcome.full_loss + 0.02) << size.k;
    }
    if (size.k == kept) {
      // The model of the size and the retrained one are one model.
      EXPECT_NEAR(size.loss, LossOf(selection.metrics), 1e-6);
    }
  }
  EXPECT_NEAR(outcome.full_loss, LossOf(selection.controls.at("full")), 1e-6);
  EXPECT_LE(LossOf(selection.metrics), LossOf(selection.controls.at("full")) + 0.02);
  EXPECT_EQ(selection.spent_count, kept);
  const auto json = exporting::SelectionJson(selection);
  EXPECT_EQ(json["quality_tolerance"]["tried"].size(), outcome.tried.size());
  EXPECT_LE(observer.progress.back().step, observer.progress.back().total_steps);
}

TEST_F(ToleranceJobTest, ALooseToleranceKeepsOneAndMustKeepHolds) {
  SetUpWith(SpecOf(100));
  RecordingObserver observer;
  EXPECT_THAT(RunToEnd(observer).selection.picks, SizeIs(1));
  plan::Spec spec = SpecOf(100);
  auto& task = std::get<plan::FeatureSelection>(spec.task);
  task.must_keep = {plan_.candidates.items[0].name, plan_.candidates.items[2].name};
  SetUpWith(spec);
  const Selection kept = RunToEnd(observer).selection;
  ASSERT_THAT(kept.picks, SizeIs(2));
  std::vector<std::string> names;
  for (const Pick& pick : kept.picks) names.push_back(kept.names[pick.candidate]);
  EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(task.must_keep));
}

TEST_F(ToleranceJobTest, SaysByHowMuchABoundIsTooTight) {
  plan::Spec spec = SpecOf(0);
  BudgetOf(spec).max_count = 1;
  SetUpWith(spec);
  RecordingObserver observer;
  const auto outcome = Attempt(NewAttempt(), "", StopToken(), observer);
  ASSERT_FALSE(outcome.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(outcome.status()));
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("max_count 1 (1 used)"));
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("too much"));
}

TEST_F(ToleranceJobTest, EmbeddingWidthsToo) {
  plan::Spec spec = DimensionSpec(150);
  std::get<plan::EmbeddingDimension>(spec.task).budget = {.max_bytes = 300,
                                                          .quality_tolerance = 0.05};
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 5), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_LE(selection.spent_bytes, 300);
  EXPECT_LE(LossOf(selection.metrics), selection.tolerance->full_loss + 0.05 + 1e-6);
}

TEST_F(ToleranceJobTest, AStopBeforeAnythingIsFoundKeepsThePicksAndSaysSo) {
  SetUpWith(SpecOf(0.02));
  StopToken stop;
  RecordingObserver observer;
  observer.on_event = [&](const JobEvent& event) {
    const auto* phase = std::get_if<PhaseStarted>(&event.body);
    if (phase != nullptr && phase->name == "control/full") stop.Request(StopRequest::kStop);
  };
  const auto outcome = Attempt(NewAttempt(), "", stop, observer);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->selection.stopped_early);
  EXPECT_THAT(outcome->selection.picks, SizeIs(plan_.candidates.size()));
  EXPECT_THAT(outcome->selection.warnings,
              ::testing::Contains(HasSubstr("before a size within quality_tolerance was found")));
}

}  // namespace
}  // namespace winnow::train
