// Runs one job from its Plan and its imported table to a Selection and the weights of the smaller
// model.
//
// Stages, each resumable: select (masked training) -> prune (backward pruning, when oversample > 1)
// -> retrain -> controls -> curve -> repeats (stages.h). For selectors that train the model (block
// pruning) select is the training itself.
//
// A repeat r = 1, 2, ... selects (and prunes back) once more, with seed + r in place of the job's
// seed: its picks are those of a job of that seed. The split is that of repeat 0, whose subset is
// the result: only that one is retrained, compared with controls and exported.
//
// A job with a parent starts its models from the parent's: see warm_start.h.
#ifndef WINNOW_KERNELS_TRAIN_RUN_JOB_H_
#define WINNOW_KERNELS_TRAIN_RUN_JOB_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/selection.h"
#include "kernels/base/stop_token.h"
#include "kernels/plan/plan.h"

namespace winnow::train {

// Durable events in their deterministic order; the n-th event of a job has ordinal n whatever the
// attempt.
struct PhaseStarted {
  std::string name;   // "select/warmup", "select/phase", "retrain", "control/full", "curve/8", ...
  int64_t steps = 0;  // planned optimizer steps of the stage; of the whole stage at its first phase
  int32_t repeat = 0;
};
struct PickMade {
  Pick pick;
  std::string candidate;
  int32_t rank = 0;  // place in the order of picks, from 1
  double cost = 1;   // price of the candidate
  bool must_keep = false;
  int32_t repeat = 0;
};
struct Pruned {
  double sparsity = 0;
  int64_t alive = 0, total = 0;  // candidates
  int64_t step = 0;              // of the selection run
  int32_t repeat = 0;
};
struct Evaluated {
  std::string what;  // "retrain", "control/full", "curve/8", "retrain/decay_10" (a trial)
  int64_t k = 0;
  SplitMetrics metrics;
};
struct WarningRaised {
  std::string text;
};
struct JobEvent {
  int64_t ordinal = 0;  // 1, 2, 3, ...
  std::variant<PhaseStarted, PickMade, Pruned, Evaluated, WarningRaised> body;
};

// Not durable; the newest wins.
struct Progress {
  std::string phase;
  int64_t step = 0, total_steps = 0;  // of the whole job
  double samples_per_s = 0;
  double loss = 0;      // running mean of the training loss
  double fraction = 0;  // of the whole job, 0..1
  double eta_s = -1;    // negative: not known yet
  int64_t picked = 0;
  std::vector<std::pair<std::string, double>> top_scores;  // current best candidates
};

struct CheckpointTaken {
  std::string path;
  int64_t last_ordinal = 0;  // of the events that it covers
  std::string phase;         // that it was taken in, or of the stage that it ends
  int64_t step = 0;          // of the whole job
};

// Parts of an attempt whose time is told; for metrics, never for a result.
enum class JobPart {
  kLoad,      // profile, plan, checkpoint
  kPrepare,   // table mapped, split drawn, transforms fitted
  kSelect,    // a selection or a backward pruning
  kTrain,     // the retrain, controls and points of the curve that train together
  kEvaluate,  // metrics of the models that a part has trained
  kWrite,     // weights, manifest, selection
};

// Called on the thread that runs the job, between steps.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnEvent(const JobEvent& event) = 0;
  virtual void OnProgress(const Progress& progress) = 0;
  // A checkpoint is durable.
  virtual void OnCheckpoint(const CheckpointTaken& taken) = 0;
  // Called before OnCheckpoint, and alone when it could not be written.
  virtual void OnCheckpointTried(double /*seconds*/, bool /*written*/) {}
  // A part has ended, whatever its end.
  virtual void OnPartEnded(JobPart /*part*/, double /*seconds*/) {}
};

struct Timing {
  double select_s = 0, retrain_s = 0, controls_s = 0, curve_s = 0, repeats_s = 0, evaluate_s = 0;
  double samples_per_s = 0;  // of the selection run, or of the retrain if there was none
};

// Files of the job that this one starts from. Those of its selection are empty when its selector
// trained nothing.
struct ParentFiles {
  std::string job;  // tenants/{tenant}/jobs/{job}
  std::string weights, manifest;
  std::string selection_weights, selection_manifest;
  std::map<std::string, std::string> sha256;  // by artifact; for the result
};

// What a job leaves for later ones to start from, in its folder.
inline constexpr char kSelectionModelFile[] = "selection_model.safetensors";
inline constexpr char kSelectionManifestFile[] = "selection_manifest.json";

struct JobOptions {
  int threads = 1;
  std::string directory;  // the attempt's folder: checkpoints and artifacts are written here
  double checkpoint_interval_s = 10;  // besides one at every stage end
  double checkpoint_share = 0.05;     // most of the time that those between stage ends may take
  double progress_interval_s = 0.5;
  // Of the checkpoint that is resumed; what its attempt left is carried over.
  std::string resume_directory;
  std::optional<ParentFiles> parent;  // exactly when the plan has a parent_job
  bool stress_pool = false;           // random task order and delays (tests)
  bool side_by_side = true;  // false: every training alone (tests, benches); the result is the same
  // Highest ordinal of this job's events that is stored. A resumed attempt repeats events after its
  // checkpoint with the same content; a stop request is honoured only from there on, so that what
  // it changes are events that nobody has seen.
  int64_t events_seen = 0;
};

// Measured at the end of a job that prunes blocks; see kernels/nn/layer_latency.h.
struct LayerTime {
  std::string layer;  // "dense_0"
  int64_t rows = 0;
  double dense_us = 0, pruned_us = 0;
};

struct JobOutcome {
  enum class Kind { kFinished, kYielded, kCancelled };
  Kind kind = Kind::kFinished;
  Selection selection;  // kFinished
  Timing timing;
  std::vector<LayerTime> layer_times;  // kFinished, block gate: a layer each
  std::string weights_path;            // kFinished: weights of the final model (safetensors)
  std::string manifest_path;           // kFinished: kept inputs and fitted transforms (JSON)
  // kFinished: the model of the selection and its manifest; empty where it trained none.
  std::string selection_model_path, selection_manifest_path;
};

// `dataset_dir` holds table.bin and profile.json. `resume` = newest intact checkpoint of an earlier
// attempt. Errors: INVALID_ARGUMENT data that cannot be trained on; DATA_LOSS damaged table or
// checkpoint; RESOURCE_EXHAUSTED memory; INTERNAL numeric failure, with step and tensor name.
absl::StatusOr<JobOutcome> RunJob(const plan::Plan& plan, const DatasetProfile& profile,
                                  const std::string& dataset_dir, const JobOptions& options,
                                  const std::optional<Checkpoint>& resume, const StopToken& stop,
                                  JobObserver& observer);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_RUN_JOB_H_
