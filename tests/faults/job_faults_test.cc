// A whole job with every file call failing in turn: its checkpoints, weights and manifest. Whatever
// failed, the newest checkpoint that can be read takes the job to the same bytes.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"
#include "kernels/base/checkpoint.h"
#include "kernels/export/selection_json.h"
#include "kernels/train/run_job.h"
#include "tests/faults/fault_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kernels/train/planted_testing.h"

namespace winnow::faults {
namespace {

namespace fs = std::filesystem;

constexpr Fault kFaults[] = {Fault::kNoSpace, Fault::kInputOutput, Fault::kShortWrite,
                             Fault::kDeath};

class Observer final : public train::JobObserver {
 public:
  explicit Observer(const Acknowledge& acknowledge) : acknowledge_(acknowledge) {}
  void OnEvent(const train::JobEvent&) override {}
  void OnProgress(const train::Progress&) override {}
  void OnCheckpoint(const train::CheckpointTaken& taken) override {
    acknowledge_("checkpoint " + taken.path);
  }

 private:
  const Acknowledge& acknowledge_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The selection, the weights and the manifest as one text; empty when the job failed.
std::string RunPlanted(const std::string& folder, const std::string& checkpoint,
                       const Acknowledge& acknowledge) {
  const std::string dataset = folder + "/dataset";
  fs::create_directories(dataset);
  const DatasetProfile profile =
      train::WritePlanted(dataset, train::MakePlanted(TargetKind::kBinary, 300, 4));
  plan::Spec spec;
  spec.dataset = "planted";
  plan::FeatureSelection task;
  task.budget.max_count = 2;
  spec.task = task;
  spec.model.hidden_units = std::vector<int32_t>{8};
  spec.training.epochs = 2;
  spec.training.batch_size = 64;
  spec.evaluation.bootstrap_samples = 10;
  spec.evaluation.controls = std::vector<std::string>{};
  const plan::Resolution resolution = plan::Resolve(spec, profile);
  EXPECT_TRUE(resolution.ok());
  train::JobOptions options;
  options.directory = folder + "/attempt";
  fs::create_directories(options.directory);
  std::optional<Checkpoint> resume;
  if (!checkpoint.empty()) {
    auto read = ReadCheckpointFile(checkpoint);
    if (!read.ok()) return "";
    resume = *std::move(read);
  }
  Observer observer(acknowledge);
  const auto outcome =
      train::RunJob(resolution.plan, profile, dataset, options, resume, StopToken(), observer);
  if (!outcome.ok()) return "";
  return exporting::FormatJson(exporting::SelectionJson(outcome->selection)) +
         ReadFile(outcome->weights_path) + ReadFile(outcome->manifest_path);
}

// In a process of its own, as RunLoop's: threads and libraries of the mathematics do not survive a
// fork, so that the parent never runs a job.
void RunAndKeep(const std::string& folder, const std::string& checkpoint) {
  const std::string bytes = RunPlanted(folder, checkpoint, [](const std::string&) {});
  std::ofstream(folder + "/bytes", std::ios::binary) << bytes;
}

std::string RunAside(const std::string& checkpoint) {
  const test::TempDir aside;
  const pid_t child = ::fork();
  if (child == 0) {
    RunAndKeep(aside.path(), checkpoint);
    std::_Exit(0);
  }
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
  return ReadFile(aside.File("bytes"));
}

TEST(JobFaultsTest, TheNewestReadableCheckpointGivesTheSameBytes) {
  const std::string expected = RunAside("");
  ASSERT_FALSE(expected.empty());
  const Scenario scenario{
      nullptr,
      [&expected](const std::string& folder, const Acknowledge& acknowledge) {
        const std::string bytes = RunPlanted(folder, "", acknowledge);
        if (!bytes.empty()) acknowledge(bytes == expected ? "finished" : "other bytes");
      },
      [&expected](const std::string&, const std::set<std::string>& acknowledged, bool) {
        EXPECT_EQ(acknowledged.count("other bytes"), 0u);
        std::string newest;
        for (const std::string& line : acknowledged) {
          if (line.rfind("checkpoint ", 0) != 0) continue;
          // Two are kept; an acknowledged one that was not dropped since can be read.
          const std::string path = line.substr(11);
          if (!fs::exists(path)) continue;
          EXPECT_TRUE(ReadCheckpointFile(path).ok()) << path;
          newest = std::max(newest, path);
        }
        EXPECT_TRUE(RunAside(newest) == expected) << "resumed from '" << newest << "'";
        if (acknowledged.count("finished") > 0 && !newest.empty()) {
          EXPECT_FALSE(ReadFile(fs::path(newest).parent_path() / "manifest.json").empty());
        }
      }};
  for (const Fault fault : kFaults) EXPECT_GT(RunLoop(scenario, fault), 3) << FaultName(fault);
}

}  // namespace
}  // namespace winnow::faults
