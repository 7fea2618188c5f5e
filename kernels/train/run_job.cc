#include "kernels/train/run_job.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/atomic_file.h"
#include "kernels/base/status.h"
#include "kernels/base/stopwatch.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/training_table.h"
#include "kernels/export/manifest.h"
#include "kernels/export/safetensors.h"
#include "kernels/export/selection_json.h"
#include "kernels/nn/layer_latency.h"
#include "kernels/nn/model_gate.h"
#include "kernels/ops/threading.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_runner.h"
#include "kernels/train/job_state.h"
#include "kernels/train/reporter.h"
#include "kernels/train/result.h"
#include "kernels/train/selection_files.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/subset.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {
namespace {

absl::StatusOr<data::TrainingTable> FitOrLoad(const data::PackedTable& packed,
                                              const plan::Plan& plan, const DatasetProfile& profile,
                                              const Checkpoint* resume) {
  const SplitSpec split = plan.spec.split.value_or(profile.split);
  if (resume != nullptr) {
    return data::TrainingTable::Load(&packed, profile, split, *resume, "table");
  }
  return data::TrainingTable::Create(&packed, profile, split);
}

absl::Status WriteModel(const JobContext& context, const JobState& state,
                        const plan::ModelShape& shape, const std::string& dataset_dir,
                        const std::string& directory, JobOutcome& outcome) {
  std::vector<exporting::TensorView> tensors;
  for (const auto& [name, tensor] : state.final_model) {
    tensors.push_back({name, tensor.shape, tensor.values});
  }
  outcome.weights_path = directory + "/model.safetensors";
  RETURN_IF_ERROR(exporting::WriteSafetensors(
      outcome.weights_path, tensors,
      {{"format", "winnow"}, {"task", context.plan->task}, {"manifest", "manifest.json"}}));
  exporting::ManifestInput input;
  input.shape = &shape;
  input.table = context.table;
  input.candidates = &context.plan->candidates;
  input.selection = &outcome.selection;
  input.dictionaries_path = dataset_dir + "/dictionaries.bin";
  ASSIGN_OR_RETURN(const nlohmann::ordered_json manifest, exporting::ManifestJson(input));
  outcome.manifest_path = directory + "/manifest.json";
  return WriteFileAtomically(outcome.manifest_path, exporting::FormatJson(manifest));
}

void FindSelectionModel(const std::string& directory, JobOutcome& outcome) {
  const std::string model = directory + "/" + kSelectionModelFile;
  const std::string manifest = directory + "/" + kSelectionManifestFile;
  if (!std::filesystem::exists(model) || !std::filesystem::exists(manifest)) return;
  outcome.selection_model_path = model;
  outcome.selection_manifest_path = manifest;
}

absl::StatusOr<std::unique_ptr<WarmStart>> OpenParent(const JobContext& context,
                                                      const JobOptions& options,
                                                      const std::string& dataset_dir) {
  const std::string& parent = context.plan->spec.parent_job;
  if (options.parent.has_value() != !parent.empty()) {
    return absl::FailedPreconditionError(
        parent.empty() ? std::string("files of a parent were given to a job without one")
                       : absl::StrCat("the files of parent_job ", parent, " were not given"));
  }
  if (parent.empty()) return nullptr;
  return WarmStart::Open(*options.parent, context, dataset_dir + "/dictionaries.bin");
}

// The final weights under the final mask.
absl::StatusOr<std::vector<LayerTime>> MeasureLayers(const JobContext& context,
                                                     const JobState& state) {
  const plan::Plan& plan = *context.plan;
  std::vector<LayerTime> times;
  if (plan.candidates.gate != GateKind::kBlock) return times;
  const std::string name = absl::StrCat("dense_", plan.candidates.grid.layer);
  const auto weights = state.final_model.find(name + ".weight");
  if (weights == state.final_model.end()) return times;
  ASSIGN_OR_RETURN(const gates::WeightFold fold, nn::MakeFold(plan.model, plan.candidates));
  std::vector<int32_t> kept;
  for (const Pick& pick : state.picks) kept.push_back(pick.candidate);
  ASSIGN_OR_RETURN(
      const nn::LayerLatency latency,
      nn::MeasureLayer(fold, MaskOf(plan.candidates.size(), kept), weights->second.values.data(),
                       plan.spec.training.batch_size.value()));
  times.push_back({name, latency.rows, latency.dense_us, latency.pruned_us});
  return times;
}

}  // namespace

absl::StatusOr<JobOutcome> RunJob(const plan::Plan& plan, const DatasetProfile& profile,
                                  const std::string& dataset_dir, const JobOptions& options,
                                  const std::optional<Checkpoint>& resume, const StopToken& stop,
                                  JobObserver& observer) {
  if (resume && resume->plan_version != plan::kPlanVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the checkpoint is of plan version ",
                                                      resume->plan_version, ", this is ",
                                                      plan::kPlanVersion));
  }
  const Checkpoint* checkpoint = resume ? &*resume : nullptr;
  Stopwatch watch;
  ASSIGN_OR_RETURN(const data::PackedTable packed,
                   data::PackedTable::Open(dataset_dir + "/table.bin"));
  ASSIGN_OR_RETURN(const data::TrainingTable table, FitOrLoad(packed, plan, profile, checkpoint));
  ShardPool pool(options.threads, ops::UseOneThread,
                 {.enabled = options.stress_pool, .seed = plan.spec.training.seed.value()});
  JobContext context;
  context.plan = &plan;
  context.table = &table;
  context.pool = &pool;
  context.stop = &stop;
  context.loss = nn::LossFor(profile.target.kind);
  context.mean_weight = MeanWeight(packed, table.train_rows());

  ASSIGN_OR_RETURN(const std::unique_ptr<WarmStart> warm,
                   OpenParent(context, options, dataset_dir));
  context.warm = warm.get();
  const auto trials = static_cast<int32_t>(plan.tuned_weight_decays.size());
  if (checkpoint != nullptr && !options.resume_directory.empty()) {
    RETURN_IF_ERROR(CarryModelsOver(options.resume_directory, options.directory, trials));
  }

  JobState state;
  if (checkpoint != nullptr) RETURN_IF_ERROR(state.Load(*checkpoint));
  observer.OnPartEnded(JobPart::kPrepare, watch.Restart());
  JobReporter reporter(state, options, observer);
  JobRunner runner(context, options, dataset_dir, state, reporter, observer);
  JobOutcome outcome;
  ASSIGN_OR_RETURN(outcome.kind, runner.Run(checkpoint));
  outcome.timing = state.timing;
  if (outcome.kind != JobOutcome::Kind::kFinished) return outcome;
  watch.Restart();
  outcome.selection = MakeSelection(context, state);
  if (warm != nullptr) outcome.selection.warm_start = warm->started();
  FindSelectionModel(options.directory, outcome);
  ASSIGN_OR_RETURN(outcome.layer_times, MeasureLayers(context, state));
  RETURN_IF_ERROR(WriteModel(context, state, FinalShape(context, state), dataset_dir,
                             options.directory, outcome));
  RETURN_IF_ERROR(RemoveTrialFolders(options.directory, trials));
  observer.OnPartEnded(JobPart::kWrite, watch.Restart());
  return outcome;
}

}  // namespace winnow::train
