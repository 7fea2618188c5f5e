// What a job says while it runs: checkpoints, events, progress, warnings.
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/train/run_job.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

using RunJobTest = JobTest;

// However fast the job: no progress note need have gone before.
TEST_F(RunJobTest, CheckpointsTellTheirStageAndStep) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 1), FeatureSpec(3));
  RecordingObserver observer;
  RunToEnd(observer);
  ASSERT_THAT(observer.checkpoints, SizeIs(::testing::Ge(2u)));
  EXPECT_EQ(observer.checkpoints.front().phase, "select");
  int64_t step = 0;
  for (const CheckpointTaken& taken : observer.checkpoints) {
    EXPECT_NE(taken.phase, "");
    EXPECT_GT(taken.step, step);
    step = taken.step;
  }
  EXPECT_EQ(step, observer.progress.back().total_steps);
}

TEST_F(RunJobTest, CheckpointsWithinAStageTellItsPhase) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 1), FeatureSpec(3));
  JobOptions options;
  options.checkpoint_interval_s = 0;
  options.checkpoint_share = 1;
  RecordingObserver observer;
  std::set<std::string> phases;
  int64_t last_step = 0;
  observer.on_progress = [&](const Progress& note) {
    if (observer.checkpoints.empty()) return;
    // Each note comes before the checkpoint of its own step; scoring and pruning make none.
    EXPECT_LE(observer.checkpoints.back().step, note.step);
    EXPECT_GE(observer.checkpoints.back().step, last_step);
    last_step = observer.checkpoints.back().step;
    phases.insert(observer.checkpoints.back().phase);
  };
  RunToEnd(observer, options);
  EXPECT_THAT(phases, IsSupersetOf({"select/warmup", "select/pick/1", "select", "retrain"}));
}

TEST_F(RunJobTest, EventsAreNumberedWithoutGapAndTellThePicks) {
  plan::Spec spec = FeatureSpec(3);
  spec.selector.params["oversample"] = 1.0;
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  std::vector<std::string> picked, phases, evaluated;
  for (size_t i = 0; i < observer.events.size(); ++i) {
    EXPECT_EQ(observer.events[i].ordinal, static_cast<int64_t>(i) + 1);
    const auto& body = observer.events[i].body;
    if (const auto* pick = std::get_if<PickMade>(&body)) {
      picked.push_back(pick->candidate);
      EXPECT_EQ(pick->rank, static_cast<int32_t>(picked.size()));
    }
    if (const auto* phase = std::get_if<PhaseStarted>(&body)) phases.push_back(phase->name);
    if (const auto* result = std::get_if<Evaluated>(&body)) evaluated.push_back(result->what);
  }
  std::vector<std::string> selected;
  for (const Pick& pick : selection.picks) selected.push_back(selection.names[pick.candidate]);
  EXPECT_EQ(picked, selected);
  EXPECT_THAT(phases,
              IsSupersetOf({"retrain", "control/full", "control/random/0", "control/random/1"}));
  EXPECT_EQ(phases.front().rfind("select/", 0), 0u);
  EXPECT_THAT(evaluated, ElementsAre("retrain", "control/full", "control/random"));
}

TEST_F(RunJobTest, ProgressGrowsToTheWholeJob) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), FeatureSpec(3));
  RecordingObserver observer;
  RunToEnd(observer);
  double before = 0;
  for (const Progress& note : observer.progress) {
    EXPECT_GE(note.fraction, before);
    EXPECT_LE(note.step, note.total_steps);
    before = note.fraction;
  }
  EXPECT_NEAR(before, 1.0, 0.01);
  EXPECT_EQ(observer.progress.back().picked, 3);
  EXPECT_THAT(observer.progress.front().top_scores, SizeIs(10));
}

TEST_F(RunJobTest, WarningsOfTheDataReachEventsAndResult) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 2), FeatureSpec(3));
  profile_.warnings = {"column 'id' looks like a row number"};
  profile_.columns[10].hash_collisions = 3;
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  ASSERT_THAT(selection.warnings, SizeIs(2));
  EXPECT_EQ(selection.warnings[0], profile_.warnings[0]);
  EXPECT_THAT(selection.warnings[1], ::testing::HasSubstr("column 'c0': 3 values share"));
  EXPECT_EQ(std::get<WarningRaised>(observer.events[1].body).text, selection.warnings[1]);
  EXPECT_EQ(selection.data["hash_collisions"], 3);
}

TEST_F(RunJobTest, LogitsThatDidNotMoveAreReported) {
  plan::Spec spec = BlockSpec(0.3);
  spec.selector.name = "sequential_attention_pp";
  spec.selector.params["logit_learning_rate"] = 1e-5;
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 2), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_LT(selection.layers[0].logit_stddev, 0.15);
  EXPECT_THAT(selection.warnings, Contains(::testing::HasSubstr("logits did not move")));
}

}  // namespace
}  // namespace winnow::train
