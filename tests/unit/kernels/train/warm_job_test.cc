#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/train/run_job.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"
#include "tests/unit/kernels/train/planted_texts_testing.h"

namespace winnow::train {
namespace {

using test::StatusIs;
using ::testing::HasSubstr;

// Whole jobs: what one leaves, another starts from.
class WarmJobTest : public JobTest {
 protected:
  void SetUpNamedJob(int rows, const plan::Spec& spec) {
    const PlantedTable table = MakePlanted(TargetKind::kBinary, rows, 8);
    SetUpJob(table, spec);
    WriteTexts(folder_ / "dataset", table, PlainTexts());
  }

  ParentFiles FilesOf(const JobOutcome& outcome) const {
    ParentFiles files;
    files.job = "tenants/t/jobs/parent";
    files.weights = outcome.weights_path;
    files.manifest = outcome.manifest_path;
    files.selection_weights = outcome.selection_model_path;
    files.selection_manifest = outcome.selection_manifest_path;
    files.sha256 = {{"model.safetensors", "00"}};
    return files;
  }
};

TEST_F(WarmJobTest, AChildStartsWhereItsParentEnded) {
  plan::Spec spec = FeatureSpec(3);
  SetUpNamedJob(1500, spec);
  RecordingObserver first;
  const JobOutcome parent = RunToEnd(first);
  ASSERT_FALSE(parent.selection_model_path.empty());

  // A step of training tells where it started.
  spec.training.epochs.reset();
  spec.training.steps = 1;
  const auto loss = [](const JobOutcome& outcome) {
    return *outcome.selection.metrics.at("validation").at("log_loss").value;
  };
  SetUpNamedJob(1500, spec);
  RecordingObserver cold_events, warm_events;
  const JobOutcome cold = RunToEnd(cold_events);
  plan_.spec.parent_job = "parent";
  const JobOutcome warm = RunToEnd(warm_events, {.parent = FilesOf(parent)});
  EXPECT_LT(loss(warm), loss(parent) + 0.02);
  EXPECT_GT(loss(cold), loss(parent) + 0.1);
  ASSERT_TRUE(warm.selection.warm_start.has_value());
  EXPECT_EQ(warm.selection.warm_start->parent, "tenants/t/jobs/parent");
  EXPECT_TRUE(warm.selection.warm_start->logits);
  EXPECT_FALSE(cold.selection.warm_start.has_value());
}

TEST_F(WarmJobTest, ResumeIsExactAndCarriesTheSelectionModelOver) {
  plan::Spec spec = FeatureSpec(3);
  SetUpNamedJob(1500, spec);
  RecordingObserver first;
  const JobOutcome parent = RunToEnd(first);
  plan_.spec.parent_job = "parent";
  const JobOptions options{.parent = FilesOf(parent)};
  RecordingObserver whole_events;
  const JobOutcome whole = RunToEnd(whole_events, options);

  for (const char* stop_in : {"select", "retrain"}) {
    StopToken stop;
    RecordingObserver begun;
    int notes = 0;
    begun.on_progress = [&](const Progress& note) {
      if (note.phase.rfind(stop_in, 0) == 0 && ++notes == 5) stop.Request(StopRequest::kYield);
    };
    JobOptions one = NewAttempt(options);
    ASSERT_OK_AND_ASSIGN(const JobOutcome yielded, Attempt(one, "", stop, begun));
    ASSERT_EQ(yielded.kind, JobOutcome::Kind::kYielded) << stop_in;
    JobOptions two = NewAttempt(options);
    two.resume_directory = one.directory;
    const StopToken go_on;
    RecordingObserver rest;
    ASSERT_OK_AND_ASSIGN(const JobOutcome ended, Attempt(two, begun.last_checkpoint, go_on, rest));
    std::vector<JobEvent> events = begun.events;
    events.insert(events.end(), rest.events.begin(), rest.events.end());
    EXPECT_EQ(BytesOf(ended, events), BytesOf(whole, whole_events.events)) << stop_in;
    EXPECT_EQ(std::filesystem::path(ended.selection_model_path).parent_path(), two.directory);
    const auto content = [](const std::string& path) {
      std::ifstream in(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_EQ(content(ended.selection_model_path), content(whole.selection_model_path)) << stop_in;
  }
}

TEST_F(WarmJobTest, EveryGateCanStartFromItsParent) {
  for (const plan::Spec& spec : {DimensionSpec(300), BlockSpec(0.25)}) {
    SetUpNamedJob(800, spec);
    RecordingObserver first, second;
    const JobOutcome parent = RunToEnd(first);
    plan_.spec.parent_job = "parent";
    const JobOutcome child = RunToEnd(second, {.parent = FilesOf(parent)});
    ASSERT_TRUE(child.selection.warm_start.has_value());
    EXPECT_EQ(child.selection.warm_start->matched_columns, 12);
  }
}

TEST_F(WarmJobTest, ASelectorWithoutTrainingLeavesItsFinalModelAlone) {
  plan::Spec spec = FeatureSpec(3);
  spec.selector.name = "univariate";
  SetUpNamedJob(800, spec);
  RecordingObserver first, second;
  const JobOutcome parent = RunToEnd(first);
  EXPECT_TRUE(parent.selection_model_path.empty());
  SetUpNamedJob(800, FeatureSpec(3));
  plan_.spec.parent_job = "parent";
  const JobOutcome child = RunToEnd(second, {.parent = FilesOf(parent)});
  EXPECT_EQ(child.selection.warm_start->matched_columns, 3);
  EXPECT_EQ(child.selection.warm_start->new_columns.size(), 9u);
}

TEST_F(WarmJobTest, WithoutItsParentsFilesAJobFails) {
  SetUpNamedJob(800, FeatureSpec(3));
  plan_.spec.parent_job = "parent";
  const StopToken stop;
  RecordingObserver observer;
  EXPECT_THAT(Attempt(NewAttempt(), "", stop, observer),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("parent_job parent")));
}

}  // namespace
}  // namespace winnow::train
