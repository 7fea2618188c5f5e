// A job as the user asked for it: the plain mirror of winnow.v1.JobSpec. Absent = default of the
// Plan.
#ifndef WINNOW_KERNELS_PLAN_SPEC_H_
#define WINNOW_KERNELS_PLAN_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kernels/base/budget.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/selectors/params.h"

namespace winnow::plan {

struct FeatureSelection {
  Budget budget;
  std::map<std::string, std::vector<std::string>> groups;  // candidate name -> columns
  std::vector<std::string> must_keep, forbid;              // columns or group names
  std::map<std::string, double> costs;                     // price of a column or group
};

struct EmbeddingDimension {
  Budget budget;
  std::optional<int32_t> chunk;     // dimensions per candidate
  std::optional<bool> prefix;       // chunk c+1 only after chunk c
  std::vector<std::string> fields;  // categorical columns; all when empty
};

struct BlockPruning {
  std::vector<std::string> layers;  // "dense_0", ...
  std::optional<int32_t> block_rows, block_columns;
  Budget budget;
};

// Known to the contract, refused until they are built.
struct FeatureCross {};
struct LayerPruning {};

using Task = std::variant<std::monostate, FeatureSelection, EmbeddingDimension, BlockPruning,
                          FeatureCross, LayerPruning>;

struct SelectorChoice {
  std::string name;  // empty: the task's default
  selectors::ParamValues params;
};

enum class ModelKind { kLinear, kMlp, kWideDeep, kDeepFm, kDlrm, kDcnV2 };

// How the vectors of dlrm meet.
enum class Interaction { kDot, kConcat };

struct ModelSpec {
  std::optional<ModelKind> kind;
  // Absent: default; empty list: no hidden layer. Of dlrm: the top layers.
  std::optional<std::vector<int32_t>> hidden_units;
  std::optional<int32_t> embedding_dimension;
  std::optional<std::vector<int32_t>> bottom_units;  // of dlrm, without the last bottom layer
  std::optional<Interaction> interaction;            // of dlrm
};

enum class Optimizer { kAdam, kAdamW, kSgd, kAdagrad, kLazyAdam };
enum class Schedule { kConstant, kCosine, kLinear, kExponential };
enum class Precision { kF32, kBf16 };

// One ordinary training of the model: full model, retrain, controls. For block pruning also the
// selection run.
struct TrainingSpec {
  std::optional<Optimizer> optimizer;
  std::optional<double> learning_rate;  // peak
  std::optional<Schedule> schedule;
  std::optional<double> final_learning_rate;  // end of the schedule as a fraction of the peak
  std::optional<double> weight_decay;         // decoupled: W *= 1 - rate * decay
  std::optional<int32_t> batch_size;
  std::optional<double> epochs;  // one of epochs and steps
  std::optional<int64_t> steps;
  std::optional<Precision> precision;
  std::optional<int32_t> shards, threads;
  std::optional<uint64_t> seed;
  std::optional<double> input_noise;   // standard deviation added to standardised numeric inputs
  std::optional<double> dropout;       // probability, hidden units
  std::optional<bool> early_stopping;  // keep the best validation epoch
  std::optional<double> momentum;      // of sgd
};

struct EvaluationSpec {
  std::vector<std::string> metrics;  // empty: the target's defaults
  std::optional<std::vector<std::string>> controls;
  std::optional<int32_t> random_draws;
  std::optional<bool> curve, curve_all;
  std::vector<int32_t> curve_points;
  std::optional<bool> capacity_matched;
  std::optional<int32_t> repeats;
  std::optional<double> confidence_level;
  std::optional<int32_t> bootstrap_samples;
};

struct ResourcesSpec {
  std::optional<int64_t> memory_limit_bytes;
  std::optional<double> wall_clock_limit_s;
  std::optional<int32_t> workers, priority;
};

struct Spec {
  std::string dataset;
  Task task;
  SelectorChoice selector;
  ModelSpec model;
  TrainingSpec training;
  EvaluationSpec evaluation;
  ResourcesSpec resources;
  std::string parent_job;
  std::optional<SplitSpec> split;  // overrides the dataset's
  std::map<std::string, std::string> labels;
};

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_SPEC_H_
