// Interrupted, resumed, stopped and cancelled jobs; any number of threads.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::SizeIs;

// A task, and the stages its job goes through.
struct Case {
  std::string name;
  PlantedTable table;
  plan::Spec spec;
};

Case MakeCase(const std::string& name) {
  if (name == "dimensions") {
    return {name, MakePlanted(TargetKind::kMulticlass, 700, 4), DimensionSpec(150)};
  }
  if (name == "sparse_blocks") {
    // Blocks that are worth the block-sparse engine.
    plan::Spec spec = BlockSpec(0.2);
    std::get<plan::BlockPruning>(spec.task).block_rows = 1;
    std::get<plan::BlockPruning>(spec.task).block_columns = 16;
    spec.model.hidden_units = {64};
    return {name, MakePlanted(TargetKind::kBinary, 700, 4), spec};
  }
  if (name == "blocks") return {name, MakePlanted(TargetKind::kBinary, 700, 4), BlockSpec(0.3)};
  plan::Spec spec = FeatureSpec(3);
  spec.evaluation.curve = true;
  spec.evaluation.capacity_matched = true;
  spec.training.input_noise = 0.1;
  spec.training.dropout = 0.1;
  if (name != "features") spec.selector.params["oversample"] = 1.5;
  if (name == "repeats") {
    spec.evaluation.curve = false;
    spec.evaluation.repeats = 4;
  }
  if (name == "ensemble") spec.selector.params["ensemble"] = int64_t{3};
  if (name == "tuned") {
    spec.evaluation.curve = false;
    spec.evaluation.repeats = 3;
    spec.selector.params["tune_weight_decay"] = true;
  }
  if (name == "tolerance") {
    std::get<plan::FeatureSelection>(spec.task).budget = {.quality_tolerance = 0.05};
    spec.evaluation.curve = false;
    spec.evaluation.repeats = 3;
    spec.evaluation.controls = {"random", "magnitude"};
  }
  if (name == "dlrm") {
    spec.model = DlrmModel();
    spec.training.optimizer = plan::Optimizer::kAdagrad;
  }
  return {name, MakePlanted(TargetKind::kRegression, 700, 4), spec};
}

class ResumeTest : public JobTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    const Case test = MakeCase(GetParam());
    SetUpJob(test.table, test.spec);
  }
  // Notes of progress after which the selection still goes on: trials tell of many steps at once.
  static size_t early() { return GetParam() == "tuned" ? 3 : 25; }
};

TEST_P(ResumeTest, AJobThatYieldsManyTimesGivesTheSameBytes) {
  RecordingObserver whole;
  const JobOutcome outcome = RunToEnd(whole);
  const JobBytes expected = BytesOf(outcome, whole.events);
  const auto steps = static_cast<uint64_t>(whole.progress.size());

  // Every attempt ends after a tenth of the steps in the mean.
  const RngStream draw(17, "yield");
  std::string checkpoint;
  std::vector<JobEvent> events;
  uint64_t attempts = 0;
  while (true) {
    ASSERT_LT(++attempts, 200u);
    StopToken stop;
    RecordingObserver observer;
    const uint64_t limit = 1 + draw.Below(attempts, steps / 5);
    observer.on_progress = [&](const Progress&) {
      if (observer.progress.size() == limit) stop.Request(StopRequest::kYield);
    };
    const auto part = Attempt(NewAttempt(), checkpoint, stop, observer);
    ASSERT_OK(part);
    events.insert(events.end(), observer.events.begin(), observer.events.end());
    if (part->kind == JobOutcome::Kind::kFinished) {
      EXPECT_EQ(BytesOf(*part, events), expected);
      break;
    }
    ASSERT_EQ(part->kind, JobOutcome::Kind::kYielded);
    checkpoint = observer.last_checkpoint;
  }
  EXPECT_GT(attempts, 5u);
}

TEST_P(ResumeTest, AKilledJobRepeatsItsEventsFromTheLastCheckpoint) {
  RecordingObserver whole;
  const JobBytes expected = BytesOf(RunToEnd(whole), whole.events);
  for (const double share : {0.15, 0.4, 0.6, 0.8, 0.97}) {
    const auto limit = static_cast<size_t>(share * static_cast<double>(whole.progress.size()));
    StopToken stop;
    RecordingObserver first;
    JobOptions options = NewAttempt();
    options.checkpoint_interval_s = 0.02;  // somewhere before the kill
    options.checkpoint_share = 1;
    first.on_progress = [&](const Progress&) {
      if (first.progress.size() == limit) stop.Request(StopRequest::kCancel);
    };
    ASSERT_OK_AND_ASSIGN(const JobOutcome killed, Attempt(options, "", stop, first));
    ASSERT_EQ(killed.kind, JobOutcome::Kind::kCancelled);
    const StopToken go_on;
    RecordingObserver second;
    ASSERT_OK_AND_ASSIGN(const JobOutcome outcome,
                         Attempt(NewAttempt(), first.last_checkpoint, go_on, second));
    ASSERT_FALSE(second.events.empty());
    EXPECT_EQ(second.events.front().ordinal, first.last_checkpoint_ordinal + 1);
    std::vector<JobEvent> events = first.events;
    events.insert(events.end(), second.events.begin(), second.events.end());
    EXPECT_EQ(BytesOf(outcome, events), expected) << "killed at " << share;
  }
}

TEST_P(ResumeTest, AnyNumberOfThreadsAndAnyOrderOfTasksGiveTheSameBytes) {
  RecordingObserver one;
  const JobBytes expected = BytesOf(RunToEnd(one), one.events);
  for (const int threads : {2, 3}) {
    for (const bool stress : {false, true}) {
      RecordingObserver observer;
      const JobOutcome outcome = RunToEnd(observer, {.threads = threads, .stress_pool = stress});
      EXPECT_EQ(BytesOf(outcome, observer.events), expected)
          << threads << " threads" << (stress ? ", stress" : "");
    }
  }
}

TEST_P(ResumeTest, StopKeepsThePicksAndSkipsTheEvidence) {
  StopToken stop;
  RecordingObserver observer;
  observer.on_progress = [&](const Progress&) {
    if (observer.progress.size() == early()) stop.Request(StopRequest::kStop);
  };
  ASSERT_OK_AND_ASSIGN(const JobOutcome outcome, Attempt(NewAttempt(), "", stop, observer));
  ASSERT_EQ(outcome.kind, JobOutcome::Kind::kFinished);
  EXPECT_TRUE(outcome.selection.stopped_early);
  EXPECT_FALSE(outcome.selection.picks.empty());
  if (plan_.budget.max_count) {
    EXPECT_EQ(outcome.selection.spent_count, *plan_.budget.max_count);
  }
  if (plan_.budget.max_bytes) {
    EXPECT_LE(outcome.selection.spent_bytes, *plan_.budget.max_bytes);
  }
  EXPECT_TRUE(outcome.selection.metrics.at("test").begin()->second.value.has_value());
  EXPECT_TRUE(outcome.selection.controls.empty());
  EXPECT_TRUE(outcome.selection.curve.empty());
}

TEST_P(ResumeTest, AStopWaitsForTheEventsThatAreAlreadySeen) {
  RecordingObserver whole;
  RunToEnd(whole);
  // All events of an earlier attempt but the last two are stored; the stop was asked for at once.
  StopToken stop;
  stop.Request(StopRequest::kStop);
  RecordingObserver observer;
  JobOptions options = NewAttempt();
  options.events_seen = static_cast<int64_t>(whole.events.size()) - 2;
  ASSERT_OK_AND_ASSIGN(const JobOutcome outcome, Attempt(options, "", stop, observer));
  EXPECT_TRUE(outcome.selection.stopped_early);
  ASSERT_GE(static_cast<int64_t>(observer.events.size()), options.events_seen);
  for (int64_t i = 0; i < options.events_seen; ++i) {
    EXPECT_EQ(TextOf(observer.events[i]), TextOf(whole.events[i]));
  }
}

TEST_P(ResumeTest, AStoppedJobThatIsKilledStopsAtTheSamePoint) {
  StopToken stop;
  RecordingObserver first;
  first.on_progress = [&](const Progress&) {
    if (first.progress.size() == early()) stop.Request(StopRequest::kStop);
  };
  ASSERT_OK_AND_ASSIGN(const JobOutcome whole, Attempt(NewAttempt(), "", stop, first));

  // The same, killed at the first step after the stop.
  StopToken again;
  RecordingObserver second;
  second.on_progress = [&](const Progress&) {
    if (second.progress.size() == early()) again.Request(StopRequest::kStop);
    if (second.progress.size() == early() + 2) again.Request(StopRequest::kCancel);
  };
  ASSERT_OK_AND_ASSIGN(const JobOutcome killed, Attempt(NewAttempt(), "", again, second));
  std::vector<JobEvent> events = second.events;
  JobOutcome outcome = killed;
  if (killed.kind == JobOutcome::Kind::kCancelled) {
    StopToken still;
    still.Request(StopRequest::kStop);
    RecordingObserver third;
    JobOptions options = NewAttempt();
    options.events_seen = second.events.back().ordinal;
    ASSERT_OK_AND_ASSIGN(outcome, Attempt(options, second.last_checkpoint, still, third));
    events.insert(events.end(), third.events.begin(), third.events.end());
  }
  EXPECT_EQ(BytesOf(outcome, events), BytesOf(whole, first.events));
}

INSTANTIATE_TEST_SUITE_P(Tasks, ResumeTest,
                         ::testing::Values("features", "oversampled", "repeats", "tuned",
                                           "ensemble", "tolerance", "dimensions", "blocks",
                                           "sparse_blocks", "dlrm"),
                         [](const auto& info) { return info.param; });

using CancelTest = JobTest;

TEST_F(CancelTest, CancelReturnsWithoutAnotherStep) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 4), FeatureSpec(3));
  for (const size_t after : {1u, 60u, 120u}) {
    StopToken stop;
    RecordingObserver observer;
    std::chrono::steady_clock::time_point asked;
    observer.on_progress = [&](const Progress&) {
      if (observer.progress.size() != after) return;
      stop.Request(StopRequest::kCancel);
      asked = std::chrono::steady_clock::now();
    };
    ASSERT_OK_AND_ASSIGN(const JobOutcome outcome, Attempt(NewAttempt(), "", stop, observer));
    EXPECT_EQ(outcome.kind, JobOutcome::Kind::kCancelled);
    EXPECT_EQ(observer.progress.size(), after);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(1));
  }
}

TEST_F(CancelTest, TwoCheckpointsAreKept) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 4), FeatureSpec(3));
  RecordingObserver observer;
  RunToEnd(observer);
  int files = 0;
  const auto folder = std::filesystem::path(observer.last_checkpoint).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.path().extension() == ".ckpt";
  }
  EXPECT_EQ(files, 2);
}

TEST_F(CancelTest, ATrainingThatDivergesIsAnErrorThatNamesTheStep) {
  plan::Spec spec = FeatureSpec(3);
  spec.training.learning_rate = 1e30;
  SetUpJob(MakePlanted(TargetKind::kRegression, 700, 4), spec);
  const StopToken stop;
  RecordingObserver observer;
  EXPECT_THAT(Attempt(NewAttempt(), "", stop, observer),
              test::StatusIs(absl::StatusCode::kInternal, ::testing::HasSubstr("step")));
}

TEST_F(CancelTest, ACheckpointOfAnotherTableIsRefused) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 4), FeatureSpec(3));
  RecordingObserver observer;
  RunToEnd(observer);
  SetUpJob(MakePlanted(TargetKind::kBinary, 800, 4), FeatureSpec(3));
  const StopToken stop;
  RecordingObserver second;
  EXPECT_THAT(Attempt(NewAttempt(), observer.last_checkpoint, stop, second),
              test::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace winnow::train
