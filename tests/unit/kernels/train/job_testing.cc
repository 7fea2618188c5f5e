#include "tests/unit/kernels/train/job_testing.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "kernels/export/selection_json.h"
#include "nlohmann/json.hpp"

namespace winnow::train {
namespace {

std::string Repeat(int32_t repeat) {
  return repeat == 0 ? "" : " repeat " + std::to_string(repeat);
}

struct ToText {
  std::string operator()(const PhaseStarted& e) const {
    return "phase " + e.name + " " + std::to_string(e.steps) + Repeat(e.repeat);
  }
  std::string operator()(const PickMade& e) const {
    const nlohmann::json json = {
        e.pick.candidate, e.pick.phase,
        e.pick.score,     e.pick.gain ? nlohmann::json(*e.pick.gain) : nlohmann::json(),
        e.candidate,      e.rank,
        e.cost,           e.must_keep};
    return "pick " + json.dump() + Repeat(e.repeat);
  }
  std::string operator()(const Pruned& e) const {
    return "pruned " + nlohmann::json({e.sparsity, e.alive, e.total, e.step}).dump() +
           Repeat(e.repeat);
  }
  std::string operator()(const Evaluated& e) const {
    return "evaluated " + e.what + " " + std::to_string(e.k) + " " +
           exporting::SplitMetricsJson(e.metrics).dump();
  }
  std::string operator()(const WarningRaised& e) const { return "warning " + e.text; }
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

plan::Spec CommonSpec() {
  plan::Spec spec;
  spec.dataset = "planted";
  spec.model.hidden_units = std::vector<int32_t>{16};
  spec.model.embedding_dimension = 4;
  spec.training.epochs = 6;
  spec.training.batch_size = 64;
  spec.training.seed = 5;
  spec.evaluation.random_draws = 2;
  spec.evaluation.bootstrap_samples = 20;
  return spec;
}

}  // namespace

std::string TextOf(const JobEvent& event) {
  return std::to_string(event.ordinal) + ": " + std::visit(ToText(), event.body);
}

void RecordingObserver::OnEvent(const JobEvent& event) {
  events.push_back(event);
  if (on_event) on_event(event);
}

void RecordingObserver::OnProgress(const Progress& note) {
  progress.push_back(note);
  if (on_progress) on_progress(note);
}

void RecordingObserver::OnCheckpoint(const CheckpointTaken& taken) {
  checkpoints.push_back(taken);
  last_checkpoint = taken.path;
  last_checkpoint_ordinal = taken.last_ordinal;
}

JobTest::JobTest() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  for (char& c : name) c = c == '/' ? '_' : c;
  folder_ = std::filesystem::path(::testing::TempDir()) / (name + "_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder_ / "dataset");
}

JobTest::~JobTest() { std::filesystem::remove_all(folder_); }

void JobTest::SetUpJob(const PlantedTable& table, const plan::Spec& spec) {
  profile_ = WritePlanted(folder_ / "dataset", table);
  plan::Resolution resolution = plan::Resolve(spec, profile_);
  for (const plan::Violation& violation : resolution.violations) {
    ADD_FAILURE() << violation.path << ": " << violation.message;
  }
  plan_ = std::move(resolution.plan);
}

JobOptions JobTest::NewAttempt(JobOptions options) {
  options.directory = folder_ / ("attempt-" + std::to_string(++attempts_));
  options.progress_interval_s = 0;
  std::filesystem::create_directories(options.directory);
  return options;
}

absl::StatusOr<JobOutcome> JobTest::Attempt(const JobOptions& options,
                                            const std::string& resume_from, const StopToken& stop,
                                            RecordingObserver& observer) {
  std::optional<Checkpoint> resume;
  if (!resume_from.empty()) {
    auto checkpoint = ReadCheckpointFile(resume_from);
    if (!checkpoint.ok()) return checkpoint.status();
    resume = *std::move(checkpoint);
  }
  return RunJob(plan_, profile_, folder_ / "dataset", options, resume, stop, observer);
}

JobOutcome JobTest::RunToEnd(RecordingObserver& observer, JobOptions options) {
  const StopToken stop;
  auto outcome = Attempt(NewAttempt(options), "", stop, observer);
  if (!outcome.ok()) {
    ADD_FAILURE() << outcome.status();
    return {};
  }
  EXPECT_EQ(outcome->kind, JobOutcome::Kind::kFinished);
  return *std::move(outcome);
}

JobBytes JobTest::BytesOf(const JobOutcome& outcome, const std::vector<JobEvent>& events) const {
  JobBytes bytes;
  bytes.selection = exporting::FormatJson(exporting::SelectionJson(outcome.selection));
  bytes.weights = ReadFile(outcome.weights_path);
  bytes.manifest = ReadFile(outcome.manifest_path);
  for (const JobEvent& event : events) {
    const auto [place, is_new] = bytes.events.emplace(event.ordinal, TextOf(event));
    EXPECT_EQ(place->second, TextOf(event)) << "an ordinal was used for two different events";
  }
  return bytes;
}

plan::ModelSpec DlrmModel() {
  return {.kind = plan::ModelKind::kDlrm,
          .hidden_units = {{24}},
          .embedding_dimension = 6,
          .bottom_units = {{16}},
          .interaction = plan::Interaction::kDot};
}

plan::Spec FeatureSpec(int k) {
  plan::Spec spec = CommonSpec();
  plan::FeatureSelection task;
  task.budget.max_count = k;
  spec.task = task;
  spec.selector.name = "sequential_attention";
  return spec;
}

plan::Spec DimensionSpec(int64_t bytes) {
  plan::Spec spec = CommonSpec();
  plan::EmbeddingDimension task;
  task.budget.max_bytes = bytes;
  task.chunk = 1;
  spec.task = task;
  return spec;
}

plan::Spec BlockSpec(double density) {
  plan::Spec spec = CommonSpec();
  plan::BlockPruning task;
  task.layers = {"dense_0"};
  task.block_rows = 2;
  task.block_columns = 4;
  task.budget.density = density;
  spec.task = task;
  return spec;
}

}  // namespace winnow::train
