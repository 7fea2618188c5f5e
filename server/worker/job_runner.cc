#include "server/worker/job_runner.h"

#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/base/checkpoint.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/base/kernel_clock.h"
#include "kernels/base/stopwatch.h"
#include "kernels/data/import/import.h"
#include "kernels/export/atomic_file.h"
#include "kernels/export/run_json.h"
#include "kernels/export/selection_json.h"
#include "kernels/plan/plan.h"
#include "kernels/train/run_job.h"
#include "nlohmann/json.hpp"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/spec/job_spec.h"
#include "server/worker/deadline.h"
#include "server/worker/event.h"
#include "server/worker/report.h"

namespace winnow::worker {
namespace {

using internal::v1::AttachRequest;
using internal::v1::Finished;
using internal::v1::JobAssignment;

const char* PartName(train::JobPart part) {
  switch (part) {
    case train::JobPart::kLoad:
      return "load";
    case train::JobPart::kPrepare:
      return "prepare";
    case train::JobPart::kSelect:
      return "select";
    case train::JobPart::kTrain:
      return "train";
    case train::JobPart::kEvaluate:
      return "evaluate";
    case train::JobPart::kWrite:
      return "write";
  }
  return "";
}

// Passes on what the kernels say. The server stores events before it acknowledges the end.
class Reporter final : public train::JobObserver {
 public:
  explicit Reporter(Session& session) : session_(session) {}

  void OnEvent(const train::JobEvent& event) override {
    last_ordinal_ = event.ordinal;
    AttachRequest message;
    message.mutable_event()->set_ordinal(event.ordinal);
    *message.mutable_event()->mutable_event() = EventToProto(event);
    session_.Send(message);
  }

  void OnPartEnded(train::JobPart part, double seconds) override {
    // What the worker adds to the kernels' writing is one stage with it.
    const bool goes_on = part == train::JobPart::kWrite && wrote_;
    wrote_ = wrote_ || part == train::JobPart::kWrite;
    auto& stage = goes_on ? *usage_.mutable_stages(usage_.stages_size() - 1) : *usage_.add_stages();
    stage.set_name(PartName(part));
    stage.set_seconds(stage.seconds() + seconds);
  }

  void OnCheckpointTried(double seconds, bool written) override {
    checkpoint_s_ = seconds;
    if (!written) usage_.set_checkpoint_failures(usage_.checkpoint_failures() + 1);
  }

  void OnProgress(const train::Progress& progress) override {
    SendUsage();
    AttachRequest message;
    *message.mutable_progress() = ProgressToProto(progress);
    session_.Send(message);
  }

  void OnCheckpoint(const train::CheckpointTaken& taken) override {
    const auto file = DescribeFile(taken.path, "application/octet-stream");
    if (!file.ok()) {
      server::LogWarning("a checkpoint cannot be read back", {{"error", file.status().ToString()}});
      return;
    }
    AttachRequest message;
    auto& notice = *message.mutable_checkpoint();
    notice.set_path(taken.path);
    notice.set_sha256(file->sha256());
    notice.set_size_bytes(file->size_bytes());
    notice.set_ordinal(taken.last_ordinal);
    notice.set_stage(StageOf(taken.phase));
    notice.set_step(taken.step);
    notice.set_write_s(checkpoint_s_);
    session_.Send(message);
  }

  // What was spent since the last call.
  void SendUsage() {
    for (size_t i = 0; i < kKernels.size(); ++i) {
      const double seconds = KernelSeconds(kKernels[i]);
      if (seconds == kernel_s_[i]) continue;
      auto& kernel = *usage_.add_kernels();
      kernel.set_name(KernelName(kKernels[i]));
      kernel.set_seconds(seconds - kernel_s_[i]);
      kernel_s_[i] = seconds;
    }
    if (usage_.ByteSizeLong() == 0) return;
    AttachRequest message;
    usage_.Swap(message.mutable_usage());
    session_.Send(message);
  }

  // A warning about this attempt only: no ordinal, stored as it comes.
  void Warn(const std::string& code, const std::string& text) {
    AttachRequest message;
    auto& warning = *message.mutable_event()->mutable_event()->mutable_warning();
    warning.set_code(code);
    warning.set_message(text);
    session_.Send(message);
  }

  int64_t last_ordinal() const { return last_ordinal_; }

 private:
  Session& session_;
  int64_t last_ordinal_ = 0;
  internal::v1::Usage usage_;                          // not sent yet
  std::array<double, kKernels.size()> kernel_s_ = {};  // sent
  double checkpoint_s_ = 0;
  bool wrote_ = false;
};

absl::StatusOr<DatasetProfile> LoadProfile(const JobAssignment& assignment) {
  const std::string path = assignment.dataset_dir() + "/" + data::kProfileFile;
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError("the dataset's profile " + path + " cannot be opened");
  const auto json = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::DataLossError(path + " is not JSON");
  ASSIGN_OR_RETURN(DatasetProfile profile, DatasetProfileFromJson(json));
  if (profile.table_sha256 != assignment.dataset_sha256()) {
    return absl::DataLossError("the dataset's table has SHA-256 " + profile.table_sha256 +
                               ", the job was created for " + assignment.dataset_sha256());
  }
  return profile;
}

// The newest checkpoint that is intact and of this Plan version; the job starts from zero without
// one.
std::optional<Checkpoint> LoadCheckpoint(const JobAssignment& assignment, Reporter& reporter,
                                         std::string& path) {
  for (const auto& notice : assignment.checkpoints()) {
    auto checkpoint = ReadCheckpointFile(notice.path());
    if (checkpoint.ok() && checkpoint->plan_version == plan::kPlanVersion) {
      path = notice.path();
      return *std::move(checkpoint);
    }
    const std::string reason = checkpoint.ok() ? "it was written by another version of the plan"
                                               : std::string(checkpoint.status().message());
    reporter.Warn("CHECKPOINT_UNUSABLE",
                  "a checkpoint of an earlier attempt is not used: " + reason);
  }
  return std::nullopt;
}

// The parent's files, found to be those that the job was created with.
absl::StatusOr<std::optional<train::ParentFiles>> OpenParent(const JobAssignment& assignment) {
  if (!assignment.has_parent()) return std::nullopt;
  train::ParentFiles files;
  files.job = assignment.parent().job();
  for (const internal::v1::ArtifactFile& artifact : assignment.parent().artifacts()) {
    const std::string& id = artifact.artifact_id();
    ASSIGN_OR_RETURN(const internal::v1::ArtifactFile found, DescribeFile(artifact.path(), ""));
    if (found.sha256() != artifact.sha256()) {
      return absl::DataLossError("artifact " + id + " of parent_job " + files.job +
                                 " has SHA-256 " + found.sha256() + ", the job was created for " +
                                 artifact.sha256());
    }
    files.sha256[id] = artifact.sha256();
    if (id == "model.safetensors") files.weights = artifact.path();
    if (id == "manifest.json") files.manifest = artifact.path();
    if (id == train::kSelectionModelFile) files.selection_weights = artifact.path();
    if (id == train::kSelectionManifestFile) files.selection_manifest = artifact.path();
  }
  return files;
}

absl::StatusOr<plan::Plan> MakePlan(const JobAssignment& assignment,
                                    const DatasetProfile& profile) {
  if (assignment.plan_version() != static_cast<int32_t>(plan::kPlanVersion)) {
    return absl::FailedPreconditionError(
        "the job was planned by version " + std::to_string(assignment.plan_version()) +
        ", this worker has version " + std::to_string(plan::kPlanVersion));
  }
  plan::Resolution resolution = plan::Resolve(spec::SpecFromProto(assignment.spec()), profile);
  if (resolution.ok()) return std::move(resolution.plan);
  std::string text = "the resolved spec does not fit the dataset";
  for (const auto& violation : resolution.violations) {
    text += "; " + violation.path + ": " + violation.message;
  }
  return absl::InvalidArgumentError(text);
}

absl::StatusOr<internal::v1::Succeeded> WriteArtifacts(const JobAssignment& assignment,
                                                       const train::JobOutcome& outcome) {
  const std::string directory = assignment.attempt_dir() + "/";
  RETURN_IF_ERROR(exporting::WriteFileAtomically(
      directory + "selection.json",
      exporting::FormatJson(exporting::SelectionJson(outcome.selection))));
  exporting::RunRecord run;
  run.job = assignment.job();
  run.attempt = assignment.attempt();
  run.threads = assignment.threads();
  run.select_s = outcome.timing.select_s;
  run.retrain_s = outcome.timing.retrain_s;
  run.controls_s = outcome.timing.controls_s;
  run.curve_s = outcome.timing.curve_s;
  run.repeats_s = outcome.timing.repeats_s;
  run.evaluate_s = outcome.timing.evaluate_s;
  run.samples_per_s = outcome.timing.samples_per_s;
  for (const train::LayerTime& time : outcome.layer_times) {
    run.layers.push_back({time.layer, time.rows, time.dense_us, time.pruned_us});
  }
  RETURN_IF_ERROR(exporting::WriteFileAtomically(directory + "run.json",
                                                 exporting::FormatJson(exporting::RunJson(run))));
  std::vector<std::pair<std::string, std::string>> files = {
      {directory + "selection.json", "application/json"},
      {directory + "run.json", "application/json"}};
  for (const std::string& path : {outcome.weights_path, outcome.manifest_path,
                                  outcome.selection_model_path, outcome.selection_manifest_path}) {
    if (path.empty()) continue;
    const bool json = std::filesystem::path(path).extension() == ".json";
    files.emplace_back(path, json ? "application/json" : "application/octet-stream");
  }
  internal::v1::Succeeded succeeded;
  for (const auto& [path, media_type] : files) {
    ASSIGN_OR_RETURN(*succeeded.add_artifacts(), DescribeFile(path, media_type));
  }
  succeeded.set_stopped_early(outcome.selection.stopped_early);
  return succeeded;
}

absl::Status Run(const JobAssignment& assignment, Session& session, Reporter& reporter,
                 Finished& finished) {
  Stopwatch watch;
  ASSIGN_OR_RETURN(const DatasetProfile profile, LoadProfile(assignment));
  ASSIGN_OR_RETURN(const plan::Plan plan, MakePlan(assignment, profile));
  train::JobOptions options;
  std::string checkpoint_path;
  const std::optional<Checkpoint> checkpoint =
      LoadCheckpoint(assignment, reporter, checkpoint_path);
  options.resume_directory = std::filesystem::path(checkpoint_path).parent_path().string();
  ASSIGN_OR_RETURN(options.parent, OpenParent(assignment));
  if (assignment.stop_requested()) session.stop().Request(StopRequest::kStop);
  std::optional<Deadline> deadline;
  if (assignment.has_wall_clock_left_s()) {
    deadline.emplace(assignment.wall_clock_left_s(), session.stop());
  }
  reporter.OnPartEnded(train::JobPart::kLoad, watch.Restart());
  options.threads = assignment.threads();
  options.directory = assignment.attempt_dir();
  options.events_seen = assignment.next_ordinal() - 1;
  ASSIGN_OR_RETURN(const train::JobOutcome outcome,
                   train::RunJob(plan, profile, assignment.dataset_dir(), options, checkpoint,
                                 session.stop(), reporter));
  switch (outcome.kind) {
    case train::JobOutcome::Kind::kYielded:
      finished.mutable_yielded();
      break;
    case train::JobOutcome::Kind::kCancelled:
      finished.mutable_cancelled();
      break;
    case train::JobOutcome::Kind::kFinished: {
      watch.Restart();
      ASSIGN_OR_RETURN(*finished.mutable_succeeded(), WriteArtifacts(assignment, outcome));
      reporter.OnPartEnded(train::JobPart::kWrite, watch.Restart());
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

void RunJobAttempt(Session& session) {
  const JobAssignment& assignment = session.assignment().job();
  Reporter reporter(session);
  AttachRequest message;
  Finished& finished = *message.mutable_finished();
  absl::Status status;
  try {
    status = Run(assignment, session, reporter, finished);
  } catch (const std::bad_alloc&) {
    status = absl::ResourceExhaustedError("the job ran out of memory; its limit is " +
                                          std::to_string(assignment.memory_limit_bytes()) +
                                          " bytes (resources.memory_limit_bytes)");
  }
  if (!status.ok()) *finished.mutable_failed() = ErrorToProto(status);
  reporter.SendUsage();
  finished.set_ordinal(reporter.last_ordinal());
  session.Finish(message);
}

}  // namespace winnow::worker
