// The same bytes for any number of threads and any order of tasks: whole jobs of every model that
// the plan builds, every selector of the registry on every gate it drives, every precision. A new
// model or registry row is covered without a change here.
//
// Compared are the whole state in the middle of the selection (weights, moments, gate logits,
// masks, picks), and everything that a finished job leaves: selection with metrics, exported
// weights, manifest, events. Batches are of 1,000 rows with a short last one.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/training_table.h"
#include "kernels/ops/half.h"
#include "kernels/ops/isa.h"
#include "kernels/ops/threading.h"
#include "kernels/selectors/registry.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/reporter.h"
#include "kernels/train/selection_run.h"
#include "kernels/train/training_run.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

constexpr int64_t kSelectionSteps = 50, kTrainingSteps = 14;
constexpr int32_t kBatch = 1000;
constexpr int kRows = 2200;  // 1,320 to train on: every second batch has 320 rows
// The job is interrupted after this many steps, of its selection where that trains.
constexpr int64_t kLookAtStep = 37;

constexpr plan::ModelKind kModels[] = {plan::ModelKind::kLinear,   plan::ModelKind::kMlp,
                                       plan::ModelKind::kWideDeep, plan::ModelKind::kDeepFm,
                                       plan::ModelKind::kDlrm,     plan::ModelKind::kDcnV2};
constexpr const char* kModelNames[] = {"linear", "mlp", "wide_deep", "deep_fm", "dlrm", "dcn_v2"};
constexpr const char* kPrecisionNames[] = {"f32", "bf16"};

struct SelectorOnGate {
  std::string selector;
  GateKind gate = GateKind::kFeature;

  std::string name() const {
    const char* gates[] = {"feature", "chunk", "block", "cross"};
    return selector + "_" + gates[static_cast<int>(gate)];
  }
  friend void PrintTo(const SelectorOnGate& s, std::ostream* out) { *out << s.name(); }
};

std::vector<SelectorOnGate> SelectorsOnGates() {
  std::vector<SelectorOnGate> all;
  for (const selectors::Row& row : selectors::Registry()) {
    for (const GateKind gate : row.gates) all.push_back({row.name, gate});
  }
  return all;
}

struct JobCase {
  SelectorOnGate selection;
  plan::ModelKind model = plan::ModelKind::kMlp;
  plan::Precision precision = plan::Precision::kF32;

  std::string name() const {
    return selection.name() + ", " + kModelNames[static_cast<int>(model)] + ", " +
           kPrecisionNames[static_cast<int>(precision)];
  }
  // What the plan may not refuse.
  bool is_built() const {
    switch (model) {
      case plan::ModelKind::kLinear:
      case plan::ModelKind::kMlp:
        return true;
      case plan::ModelKind::kDlrm:
        return selection.gate == GateKind::kFeature &&
               !selectors::FindSelector(selection.selector)->reads_inputs;
      default:
        return false;
    }
  }
};

std::vector<JobCase> CasesOf(const SelectorOnGate& selection) {
  std::vector<JobCase> cases;
  for (const plan::ModelKind model : kModels) {
    cases.push_back({selection, model, plan::Precision::kF32});
    if (ops::HasHalfProducts()) cases.push_back({selection, model, plan::Precision::kBf16});
  }
  return cases;
}

// One output (logistic, squared) for features and chunks, several for blocks.
TargetKind TargetOf(GateKind gate) {
  if (gate == GateKind::kBlock) return TargetKind::kMulticlass;
  return gate == GateKind::kChunk ? TargetKind::kRegression : TargetKind::kBinary;
}

plan::Spec SpecOf(const JobCase& c) {
  const GateKind gate = c.selection.gate;
  plan::Spec spec = gate == GateKind::kFeature ? FeatureSpec(3)
                    : gate == GateKind::kChunk ? DimensionSpec(150)
                                               : BlockSpec(0.3);
  spec.model.kind = c.model;
  if (c.model == plan::ModelKind::kDlrm) spec.model = DlrmModel();
  if (c.model == plan::ModelKind::kLinear) {
    spec.model.hidden_units = std::vector<int32_t>{};
    if (auto* blocks = std::get_if<plan::BlockPruning>(&spec.task)) blocks->block_columns = 1;
  }
  spec.training.precision = c.precision;
  spec.training.batch_size = kBatch;
  spec.training.epochs.reset();
  spec.training.steps = kTrainingSteps;
  spec.training.input_noise = 0.1;
  spec.training.dropout = 0.1;
  spec.selector.name = c.selection.selector;
  spec.selector.params.clear();
  for (const selectors::ParamSpec& param : selectors::FindSelector(c.selection.selector)->params) {
    if (param.name == "steps") spec.selector.params["steps"] = kSelectionSteps;
    if (param.name == "batch_size") spec.selector.params["batch_size"] = int64_t{kBatch};
    if (param.name == "oversample" && gate == GateKind::kFeature) {
      spec.selector.params["oversample"] = 1.5;
    }
  }
  return spec;
}

struct Pool {
  int threads;
  bool stress;
};

// What a run leaves, by name; every section of the state in the middle has an entry of its own.
using Trace = std::map<std::string, std::string>;

class JobDeterminismTest : public JobTest, public ::testing::WithParamInterface<SelectorOnGate> {
 protected:
  // False: the plan refuses this combination.
  bool SetUpCase(const JobCase& c) {
    profile_ = WritePlanted(folder_ / "dataset", MakePlanted(TargetOf(c.selection.gate), kRows, 1));
    plan::Resolution resolution = plan::Resolve(SpecOf(c), profile_);
    plan_ = std::move(resolution.plan);
    if (resolution.ok()) return true;
    const plan::Violation& first = resolution.violations.front();
    EXPECT_FALSE(c.is_built()) << first.path << ": " << first.message;
    return false;
  }

  Trace Run(Pool pool) {
    const JobOptions options{.threads = pool.threads, .stress_pool = pool.stress};
    StopToken stop;
    RecordingObserver first;
    first.on_progress = [&](const Progress& note) {
      if (note.step >= kLookAtStep) stop.Request(StopRequest::kYield);
    };
    const auto part = Attempt(NewAttempt(options), "", stop, first);
    EXPECT_OK(part);
    Trace trace;
    const auto middle = ReadCheckpointFile(first.last_checkpoint);
    EXPECT_OK(middle);
    if (!part.ok() || !middle.ok()) return trace;
    EXPECT_TRUE(middle->Has("in_stage"));
    for (const auto& [name, bytes] : middle->sections()) {
      if (name != "job") trace["state/" + name] = bytes;  // "job" holds the time spent
    }
    const StopToken go_on;
    RecordingObserver second;
    const auto rest = Attempt(NewAttempt(options), first.last_checkpoint, go_on, second);
    EXPECT_OK(rest);
    if (!rest.ok()) return trace;
    std::vector<JobEvent> events = first.events;
    events.insert(events.end(), second.events.begin(), second.events.end());
    const JobBytes bytes = BytesOf(*rest, events);
    trace["selection"] = bytes.selection;
    trace["weights"] = bytes.weights;
    trace["manifest"] = bytes.manifest;
    for (const auto& [ordinal, text] : bytes.events) {
      trace["event/" + std::to_string(ordinal)] = text;
    }
    return trace;
  }
};

// Names of what differs, a few words instead of kilobytes.
std::vector<std::string> Differences(const Trace& a, const Trace& b) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second != bytes) names.push_back(name);
  }
  for (const auto& [name, bytes] : b) {
    if (a.count(name) == 0) names.push_back(name);
  }
  return names;
}

TEST_P(JobDeterminismTest, BytesAreTheSameForAnyThreadsAndAnyOrder) {
  for (const JobCase& c : CasesOf(GetParam())) {
    if (!SetUpCase(c)) continue;
    const Trace expected = Run({1, false});
    ASSERT_GT(expected.size(), 10u) << c.name();
    for (const Pool pool :
         {Pool{2, false}, Pool{3, false}, Pool{8, false}, Pool{1, true}, Pool{3, true}}) {
      EXPECT_THAT(Differences(expected, Run(pool)), ::testing::IsEmpty())
          << c.name() << ", " << pool.threads << " threads" << (pool.stress ? ", stress" : "");
    }
  }
}

// A pool whose threads nobody limited is refused by every selector and every training, before it
// can give bytes that agree by luck.
TEST_P(JobDeterminismTest, PoolWithoutTheThreadRuleIsRefused) {
  ASSERT_TRUE(SetUpCase({.selection = GetParam()}));
  ASSERT_OK_AND_ASSIGN(const data::PackedTable packed,
                       data::PackedTable::Open(folder_ / "dataset" / "table.bin"));
  ASSERT_OK_AND_ASSIGN(const data::TrainingTable table,
                       data::TrainingTable::Create(&packed, profile_, *plan_.spec.split));
  std::thread([&] {
    ops::SetThreadLimitForTest(2);
    ShardPool pool(1);
    const StopToken stop;
    JobContext context{.plan = &plan_, .table = &table, .pool = &pool, .stop = &stop};
    context.loss = nn::LossFor(profile_.target.kind);
    JobState state;
    const JobOptions options;
    RecordingObserver observer;
    JobReporter reporter(state, options, observer);
    const auto refused = test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                        ::testing::HasSubstr("more than one OpenMP thread"));
    if (plan_.selection_steps > 0) {
      const absl::StatusOr<SelectionConfig> config = PlannedSelection(context);
      ASSERT_OK(config);
      const auto run = SelectionRun::Create(context, *config, reporter);
      EXPECT_THAT(run.ok() ? (*run)->Advance() : run.status(), refused);
    }
    const auto run = TrainingRun::Create(context, PlannedTraining(plan_, "retrain", plan_.model));
    EXPECT_THAT(run.ok() ? (*run)->Advance() : run.status(), refused);
  }).join();
}

INSTANTIATE_TEST_SUITE_P(Selectors, JobDeterminismTest, ::testing::ValuesIn(SelectorsOnGates()),
                         [](const auto& info) { return info.param.name(); });

class ComparisonTest : public JobDeterminismTest {};

// The comparison sees the last bit of one moment.
TEST_F(ComparisonTest, OneBitOfTheStateIsSeen) {
  ASSERT_TRUE(SetUpCase({.selection = {.selector = "sequential_attention"}}));
  const Trace trace = Run({1, false});
  std::vector<std::string> optimizer;
  for (const auto& [name, bytes] : trace) {
    if (name.find("optimizer") != std::string::npos && bytes.size() > 8) optimizer.push_back(name);
  }
  ASSERT_FALSE(optimizer.empty());
  Trace other = trace;
  other[optimizer[0]][4] ^= 1;
  EXPECT_THAT(Differences(trace, other), ::testing::ElementsAre(optimizer[0]));
  plan_.spec.training.seed = 6;
  EXPECT_GT(Differences(trace, Run({1, false})).size(), 10u);
}

// oneDNN picks other kernels, for which fewer of the comforts of AVX-512 hold: rows of a block need
// not have the bytes they have in another block.
constexpr char kIsaVariable[] = "ONEDNN_MAX_CPU_ISA";

TEST(InstructionSetTest, EveryCaseHoldsUnderAvx2) {
  if (std::getenv(kIsaVariable) != nullptr) GTEST_SKIP() << "a child of this test";
  const std::string command = std::string(kIsaVariable) + "=AVX2 GTEST_OUTPUT= /proc/" +
                              std::to_string(::getpid()) +
                              "/exe --gtest_filter='*JobDeterminismTest.BytesAreTheSame*:"
                              "InstructionSetTest.TheCap*' 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, n);
  const int status = ::pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << output;
  EXPECT_THAT(output, ::testing::HasSubstr("[       OK ] InstructionSetTest.TheCapIsInForce"));
}

TEST(InstructionSetTest, TheCapIsInForce) {
  const char* cap = std::getenv(kIsaVariable);
  if (cap == nullptr || std::string(cap) != "AVX2") GTEST_SKIP() << "runs in a child";
  EXPECT_LE(ops::ActiveIsa(), ops::Isa::kAvx2);
}

}  // namespace
}  // namespace winnow::train
