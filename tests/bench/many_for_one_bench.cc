// What it is worth to train the retrain, its controls, the sizes of the curve and the repeats side
// by side over shared batches, against one after the other: the same job by turns.
//
//   bench_many_for_one [turns]
// 60,000 rows of 200 numeric columns, ten classes, one hidden layer of 67 units, 50 picks: the
// curve has 8 sizes, 3 random controls and the full model are trained, and 4 more
// selections with other seeds are made. Prints the seconds of every part, the median over the
// turns, and the median of the turns' ratios; "select" is the same on both sides and tells how
// quiet the machine is, "processor" is the processor time of the whole job. Both selections must be
// equal.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/export/selection_json.h"
#include "kernels/plan/plan.h"
#include "kernels/train/run_job.h"
#include "tests/unit/kernels/train/planted_testing.h"

namespace winnow::train {
namespace {

constexpr int kRows = 60000, kColumns = 200, kClasses = 10, kPicks = 50;

class Silent : public JobObserver {
 public:
  void OnEvent(const JobEvent&) override {}
  void OnProgress(const Progress&) override {}
  void OnCheckpoint(const CheckpointTaken&) override {}
};

// Classes are told apart by the first quarter of the columns.
PlantedTable MakeTable() {
  const RngStream random(1, "bench/table");
  PlantedTable table;
  table.kind = TargetKind::kMulticlass;
  table.classes = kClasses;
  uint64_t draw = 0;
  for (int i = 0; i < kRows; ++i) table.target.push_back(static_cast<float>(i % kClasses));
  for (int c = 0; c < kColumns; ++c) {
    PlantedColumn column;
    column.name = "p" + std::to_string(c);
    for (int i = 0; i < kRows; ++i) {
      const double mean = c < kColumns / 4 ? std::sin(1 + c + 3 * (i % kClasses)) / 4 : 0;
      column.numeric.push_back(static_cast<float>(mean + random.Uniform(draw++)));
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

plan::Plan MakePlan(const DatasetProfile& profile, int threads) {
  plan::Spec spec;
  plan::FeatureSelection task;
  task.budget.max_count = kPicks;
  spec.task = task;
  spec.selector.name = "sequential_attention";
  spec.model.hidden_units = std::vector<int32_t>{67};
  spec.training.epochs = 5;
  spec.training.threads = threads;
  spec.evaluation.curve = true;
  spec.evaluation.controls = std::vector<std::string>{"full", "random"};
  spec.evaluation.repeats = 5;
  plan::Resolution resolution = plan::Resolve(spec, profile);
  for (const plan::Violation& violation : resolution.violations) {
    std::fprintf(stderr, "%s: %s\n", violation.path.c_str(), violation.message.c_str());
    std::exit(1);
  }
  return std::move(resolution.plan);
}

// Seconds by part.
using Seconds = std::map<std::string, double>;

struct Turn {
  Seconds seconds;
  std::string selection;
};

Turn Run(const plan::Plan& plan, const DatasetProfile& profile, const std::filesystem::path& folder,
         bool side_by_side) {
  const std::filesystem::path attempt = folder / "attempt";
  std::filesystem::create_directories(attempt);
  Silent silent;
  const StopToken stop;
  const std::clock_t start = std::clock();
  const absl::StatusOr<JobOutcome> outcome = RunJob(
      plan, profile, folder,
      {.threads = *plan.spec.training.threads, .directory = attempt, .side_by_side = side_by_side},
      {}, stop, silent);
  const double processor = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::filesystem::remove_all(attempt);
  if (!outcome.ok()) {
    std::fprintf(stderr, "%s\n", outcome.status().ToString().c_str());
    std::exit(1);
  }
  const Timing& t = outcome->timing;
  return {{{"select", t.select_s},
           {"retrain, controls, curve", t.retrain_s + t.controls_s + t.curve_s},
           {"repeats", t.repeats_s},
           {"evaluate", t.evaluate_s},
           {"processor", processor},
           {"together", t.retrain_s + t.controls_s + t.curve_s + t.repeats_s}},
          exporting::FormatJson(exporting::SelectionJson(outcome->selection))};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Compare(const DatasetProfile& profile, const std::filesystem::path& folder, int threads,
             int turns) {
  const plan::Plan plan = MakePlan(profile, threads);
  std::map<std::string, std::vector<double>> alone, together, ratio;
  for (int turn = 0; turn < turns; ++turn) {
    const Turn one = Run(plan, profile, folder, false), many = Run(plan, profile, folder, true);
    if (one.selection != many.selection) {
      std::fprintf(stderr, "the results differ\n");
      std::exit(1);
    }
    for (const auto& [part, seconds] : one.seconds) {
      alone[part].push_back(seconds);
      together[part].push_back(many.seconds.at(part));
      ratio[part].push_back(seconds / many.seconds.at(part));
    }
  }
  for (const auto& [part, seconds] : alone) {
    const auto [least, most] = std::minmax_element(ratio[part].begin(), ratio[part].end());
    std::printf(
        "%d threads  %-26s %8.3f s one by one %8.3f s side by side  ratio %.2f (%.2f-%.2f)\n",
        threads, part.c_str(), Median(seconds), Median(together[part]), Median(ratio[part]), *least,
        *most);
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace winnow::train

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::max(1, std::atoi(argv[1])) : 3;
  const auto folder =
      std::filesystem::temp_directory_path() / ("winnow-many-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const winnow::DatasetProfile profile =
      winnow::train::WritePlanted(folder, winnow::train::MakeTable());
  for (const int threads : {1, 2}) winnow::train::Compare(profile, folder, threads, turns);
  std::filesystem::remove_all(folder);
}
