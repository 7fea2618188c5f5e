// The complete, validated plan of a job: every default filled in, every derived quantity fixed.
// Server and worker compute the same Plan from the same resolved Spec; nothing in it depends on
// threads, load or the machine.
#ifndef WINNOW_KERNELS_PLAN_PLAN_H_
#define WINNOW_KERNELS_PLAN_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/candidate.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/plan/spec.h"
#include "nlohmann/json.hpp"

namespace winnow::plan {

// Raised whenever the same resolved Spec would train differently; a checkpoint of another version
// restarts from zero.
inline constexpr uint32_t kPlanVersion = 6;

// One input feature as the network sees it. Row ranges are rows of the first dense layer's weights;
// of models with bottom layers or dot products: numeric fields among the numeric inputs N,
// categorical ones among the vectors V (see model_shape.h).
struct InputField {
  int32_t column = 0;  // index in DatasetProfile::columns
  bool categorical = false;
  int32_t first_row =
      0;  // numeric: the value, then the missing indicator if the column has missing values
  int32_t rows = 0;        // numeric 1 or 2; categorical: embedding dimension
  int64_t vocabulary = 0;  // categorical
};

struct ModelShape {
  ModelKind kind = ModelKind::kMlp;
  std::vector<InputField>
      fields;               // in column order; numeric and categorical interleaved as in the table
  int32_t dense_width = 0;  // numeric inputs (values and indicators)
  int32_t input_width = 0;  // rows of the first layer
  int32_t embedding_dimension = 0;
  std::vector<int32_t> bottom_units;  // all bottom layers; empty: none
  Interaction interaction = Interaction::kConcat;
  int32_t interaction_width = 0;      // columns of V; of X where there are no bottom layers
  int32_t top_inputs = 0;             // rows of the first top layer
  std::vector<int32_t> hidden_units;  // of the top layers
  int32_t outputs = 1;                // 1: logistic or squared loss; classes: softmax
  int64_t parameters = 0;
};

struct Estimate {
  int64_t steps = 0;         // all training steps of the job
  int64_t memory_bytes = 0;  // peak of the worker, without file-backed pages
  double seconds = 0;        // rough, one core of the machines of performance.md
};

struct Plan {
  Spec spec;  // every optional that has a default is set
  CandidateSet candidates;
  Budget budget;  // of the task
  int64_t max_picks = 0;
  ModelShape model;
  std::string task;  // "feature_selection", ...
  int64_t train_rows = 0, validation_rows = 0, test_rows = 0;
  int64_t selection_steps = 0;  // of the run that selects; 0: the selector trains nothing
  int64_t selection_batch = 0;
  // Values of the selector's weight_decay, ascending, each with a selection of its own; the picks
  // of least validation loss after retraining are kept. Empty: one selection, as the parameters
  // say.
  std::vector<double> tuned_weight_decays;
  int64_t training_steps = 0;  // of one ordinary training
  int64_t steps_per_epoch = 0;
  std::vector<int64_t> curve;  // sizes k, ascending
  Estimate estimate;
};

// One problem of a Spec; `path` is relative to JobSpec ("training.learning_rate").
struct Violation {
  std::string path;
  std::string message;  // "must be > 0, got -1"
};

struct Limits {
  int32_t max_threads = 1024;
  int64_t max_candidates = 4'000'000;
};

// Either a complete Plan or every violation at once.
struct Resolution {
  Plan plan;
  std::vector<Violation> violations;
  bool ok() const { return violations.empty(); }
};

// Deterministic. Resolving an already resolved Spec gives the same Plan.
Resolution Resolve(const Spec& spec, const DatasetProfile& profile, const Limits& limits = {});

// "'place' needs 900 bytes, max_bytes is 800: 100 too many, and is never selected", of candidates
// that the budget does not hold by themselves; empty: there are none.
std::string NeverAffordable(const Plan& plan);

// The settings of a resolved Spec as JSON in the shape of a job file, for `settings` of the result.
nlohmann::json SettingsJson(const Spec& spec);

// Rows of every part under a split come from CountSplit of the profile, so that data/ and the Plan
// agree.
using winnow::SplitCounts;

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_PLAN_H_
