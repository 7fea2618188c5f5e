#include "kernels/plan/memory_estimate.h"

#include <algorithm>

#include "kernels/base/large_table.h"
#include "kernels/plan/lockstep.h"
#include "kernels/plan/model_shape.h"
#include "kernels/selectors/own_run_params.h"

namespace winnow::plan {
namespace {

constexpr int64_t kFloat = 4;
// A worker without data: buffers of the runtime, stacks; measured 7 MB with all of a small job.
constexpr int64_t kBaseMemory = int64_t{10} << 20;
// Of a column: its profile, as text and as values, and its fit. Of a candidate: scores, names.
constexpr int64_t kColumnBytes = 1024, kCandidateBytes = 256;
// Of a value of a vocabulary: counts and map; its text, in the manifest.
constexpr int64_t kVocabularyBytes = 20 + 100;
// Rows that probes and validations of an epoch keep (model_probe.h, training_run.h).
constexpr int64_t kProbeRows = 4096, kEpochRows = 131072;
// Three bitmaps and their directories; the order of an epoch, or of a window of a large table.
constexpr double kRowSetBytes = 0.5;
constexpr int64_t kWindowBytes = int64_t{8} << 20;
// Of an evaluated row: its number, what the model says, what the metrics sort, its place among its
// group; besides, in every thread, its weight in a replicate: of groups, or of few enough rows.
constexpr int64_t kEvaluatedBytes = 56, kGroupedBytes = 28, kReplicateBytes = 9;
constexpr int64_t kReplicateRows = 65536;  // kExactRows of train/bootstrap.h

// Numbers a parameter needs. The selection has weights and the two moments of Adam, a training
// weights, its moments and the best epoch's weights, beside the final model of the job. Checkpoints
// are written from where the state is. A parent's weights are read beside a new model's.
int64_t Copies(const Plan& plan) {
  const Optimizer optimizer = *plan.spec.training.optimizer;
  const bool adam = optimizer == Optimizer::kAdam || optimizer == Optimizer::kAdamW ||
                    optimizer == Optimizer::kLazyAdam;
  const int64_t moments = adam ? 2 : 1;
  const int64_t parent = plan.spec.parent_job.empty() ? 0 : 1;
  return std::max<int64_t>(1 + 2, 2 + moments) + 1 + parent;
}

// Activations of a batch and dense weights, besides the parameters themselves.
int64_t LayerBytes(const Plan& plan) {
  const int64_t batch = std::max<int64_t>(*plan.spec.training.batch_size, plan.selection_batch);
  int64_t widths = plan.model.dense_width + plan.model.interaction_width + plan.model.top_inputs;
  int64_t dense = 0;
  for (const LayerShape& layer : Layers(plan.model)) {
    widths += layer.outputs;
    dense += layer.weights();
  }
  // The full model's parameters in hidden layers over a few inputs: as wide as they are many over
  // the number of inputs.
  if (*plan.spec.evaluation.capacity_matched) {
    widths += plan.model.parameters / std::max<int64_t>(1, plan.max_picks);
    dense = std::max(dense, plan.model.parameters);
  }
  // Activations with their gradients, and both in two layouts of bf16.
  const int64_t activation_bytes = *plan.spec.training.precision == Precision::kBf16 ? 20 : 12;
  // Dense weights under the mask, and laid out for the products in both directions.
  // The blocks of a pruned layer in both directions, of training and of evaluation.
  const BlockGrid& grid = plan.candidates.grid;
  const int64_t blocks = 4 * kFloat * static_cast<int64_t>(grid.rows) * grid.columns;
  return activation_bytes * batch * widths + 3 * kFloat * dense + blocks;
}

// The largest copy of columns that trainings may read instead of the table: made for those that
// read the table twice or more (kernels/train/compact_columns.h).
int64_t CompactBytes(const Plan& plan, const DatasetProfile& profile) {
  const int64_t visits = std::max(plan.selection_steps * plan.selection_batch,
                                  plan.training_steps * *plan.spec.training.batch_size);
  if (IsLargeTable(profile.table_bytes, profile.rows) || visits < 2 * profile.rows) return 0;
  const auto codes = std::count_if(plan.model.fields.begin(), plan.model.fields.end(),
                                   [](const InputField& field) { return field.categorical; });
  return std::min(kCompactColumnsBytes,
                  kFloat * profile.rows * (plan.model.dense_width + codes + 2));
}

// Trainings side by side, besides the first, and the batches they
// share (kernels/train/shared_batches.h).
int64_t LockstepBytes(const Plan& plan) {
  const int64_t models = std::min(LockstepModels(plan), MostTogether(plan));
  if (models == 1) return 0;
  const int64_t batch = *plan.spec.training.batch_size;
  const auto row = kFloat * (static_cast<int64_t>(plan.model.fields.size()) * 2 + 2);
  return (models - 1) * LockstepModelBytes(plan) + kSharedBatchBytes + 2 * batch * row;
}

// The further networks of every selection at hand (kernels/train/ensemble.h).
int64_t EnsembleBytes(const Plan& plan) {
  const int64_t others = selectors::EnsembleSize(plan.spec.selector.params) - 1;
  const int64_t selections =
      std::max<int64_t>({1, plan.spec.evaluation.repeats.value_or(1) - 1,
                         static_cast<int64_t>(plan.tuned_weight_decays.size())});
  return others * std::min(LockstepModels(plan), selections) * LockstepModelBytes(plan);
}

int64_t RowBytes(const Plan& plan, const DatasetProfile& profile) {
  const int64_t order =
      IsLargeTable(profile.table_bytes, profile.rows) ? kWindowBytes : 4 * profile.rows;
  const auto columns = static_cast<int64_t>(profile.columns.size());
  const int64_t probe = std::min(kProbeRows, plan.validation_rows);
  const int64_t evaluated = std::min(kMeasuredRows, std::max(plan.validation_rows, plan.test_rows));
  const int64_t threads = *plan.spec.training.threads;
  const int64_t weighed = profile.has_group ? evaluated : std::min(evaluated, kReplicateRows);
  const int64_t grouped = profile.has_group ? kGroupedBytes : 0;
  return static_cast<int64_t>(kRowSetBytes * static_cast<double>(profile.rows)) + order +
         probe * kFloat * columns + 4 * std::min(kEpochRows, plan.validation_rows) +
         evaluated * (kEvaluatedBytes + grouped) + weighed * threads * kReplicateBytes;
}

}  // namespace

int64_t EstimateMemory(const Plan& plan, const DatasetProfile& profile) {
  int64_t vocabulary = 0;
  for (const ColumnProfile& column : profile.columns) vocabulary += column.vocabulary;
  return kBaseMemory + kColumnBytes * static_cast<int64_t>(profile.columns.size()) +
         kVocabularyBytes * vocabulary + kCandidateBytes * plan.candidates.size() +
         Copies(plan) * kFloat * plan.model.parameters + LayerBytes(plan) +
         RowBytes(plan, profile) + CompactBytes(plan, profile) + LockstepBytes(plan) +
         EnsembleBytes(plan);
}

}  // namespace winnow::plan
