// Drives a selector as kernels/train does, on the reference model.
#ifndef WINNOW_TESTS_UNIT_KERNELS_SELECTORS_RUN_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_SELECTORS_RUN_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"
#include "kernels/selectors/registry.h"
#include "tests/unit/kernels/selectors/reference_testing.h"

namespace winnow::selectors {

// Every parameter set, as the Plan would: `given`, the table's defaults, what depends on the task.
ParamValues ResolvedParams(const Row& row, GateKind gate, const ParamValues& given = {});

// The rows of the registry and the skeleton.
std::vector<Row> AllRows();

struct RunOptions {
  ParamValues params;
  Budget budget;  // TruthBudget when nothing is set
  uint64_t seed = 1;
  int64_t batch = 64;
  double learning_rate = 0.01;  // of the network
};

// A selection run that can be stepped, saved and resumed.
class TestRun {
 public:
  TestRun(const Row& row, const PlantedData& data, const RunOptions& options);

  // Begin's verdict.
  const absl::Status& status() const { return status_; }
  const Problem& problem() const { return problem_; }
  int64_t step() const { return step_; }
  bool done() const { return done_ || (step_ >= problem_.total_steps && !selector_->evaluates()); }
  Selector& selector() { return *selector_; }
  ReferenceModel& model() { return model_; }

  // A training step or a piece of evaluation.
  void Step();
  void RunTo(int64_t step);
  // All steps, all pieces, and what the trainer does for selectors that need neither.
  void RunToEnd();

  // Network and selector as they are now, for a fresh Run.
  Checkpoint Save() const;
  void Resume(const TestRun& other);

  // What the selector told so far.
  std::vector<std::pair<int64_t, std::string>> phases;  // first step, name
  std::vector<std::pair<int64_t, Pick>> picks;          // step after which it was picked
  std::vector<std::pair<int64_t, double>> sparsities;   // step after which it was told
  std::vector<int64_t> resets;                          // steps after which moments are cleared
  std::vector<std::vector<float>> masks;                // of every step

 private:
  void Tell(const StepOutcome& outcome);

  const bool follows_schedule_;
  const RunOptions options_;
  Problem problem_;
  ReferenceModel model_;
  std::unique_ptr<Selector> selector_;
  absl::Status status_;
  int64_t step_ = 0;
  bool done_ = false;
};

std::vector<int32_t> Candidates(const std::vector<Pick>& picks);
std::vector<int32_t> Sorted(std::vector<int32_t> values);

}  // namespace winnow::selectors

#endif  // WINNOW_TESTS_UNIT_KERNELS_SELECTORS_RUN_TESTING_H_
