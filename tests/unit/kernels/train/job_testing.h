// Runs jobs on planted tables and records what they tell.
#ifndef WINNOW_TESTS_UNIT_KERNELS_TRAIN_JOB_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_TRAIN_JOB_TESTING_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/plan/plan.h"
#include "kernels/train/run_job.h"
#include "tests/unit/kernels/train/planted_testing.h"

namespace winnow::train {

// An event's ordinal and whole content as text.
std::string TextOf(const JobEvent& event);

class RecordingObserver : public JobObserver {
 public:
  void OnEvent(const JobEvent& event) override;
  void OnProgress(const Progress& progress) override;
  void OnCheckpoint(const CheckpointTaken& taken) override;

  std::vector<JobEvent> events;
  std::vector<Progress> progress;
  std::vector<CheckpointTaken> checkpoints;
  std::string last_checkpoint;
  int64_t last_checkpoint_ordinal = 0;
  std::function<void(const Progress&)> on_progress;  // after it is recorded
  std::function<void(const JobEvent&)> on_event;
};

// Everything of a finished job that must not depend on how it was run.
struct JobBytes {
  std::string selection, weights, manifest;
  std::map<int64_t, std::string> events;  // by ordinal
  bool operator==(const JobBytes&) const = default;
};

class JobTest : public ::testing::Test {
 protected:
  JobTest();
  ~JobTest() override;

  // Writes the table and resolves the spec; a violation fails the test.
  void SetUpJob(const PlantedTable& table, const plan::Spec& spec);

  // Runs to the end in one attempt, notes after every step; an error fails the test.
  JobOutcome RunToEnd(RecordingObserver& observer, JobOptions options = {});
  absl::StatusOr<JobOutcome> Attempt(const JobOptions& options, const std::string& resume_from,
                                     const StopToken& stop, RecordingObserver& observer);
  // A fresh attempt folder, and no pause between progress notes.
  JobOptions NewAttempt(JobOptions options = {});
  JobBytes BytesOf(const JobOutcome& outcome, const std::vector<JobEvent>& events) const;

  std::filesystem::path folder_;
  DatasetProfile profile_;
  plan::Plan plan_;
  int attempts_ = 0;
};

// A small model of bottom layers, dot products and top layers.
plan::ModelSpec DlrmModel();

// Specs small enough for a unit test. `k` of the planted columns; embeddings within `bytes`; a
// share `density` of the blocks of the first layer.
plan::Spec FeatureSpec(int k);
plan::Spec DimensionSpec(int64_t bytes);
plan::Spec BlockSpec(double density);

}  // namespace winnow::train

#endif  // WINNOW_TESTS_UNIT_KERNELS_TRAIN_JOB_TESTING_H_
