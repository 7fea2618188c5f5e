// What the pruning selectors share: gates, sparsity, who stays alive.
#include "kernels/selectors/pruning_run.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Script Blocks(int32_t n, double density, int64_t steps, ParamValues params = {}) {
  Budget budget;
  budget.density = density;
  return {.candidates = PlainCandidates(GateKind::kBlock, n),
          .budget = budget,
          .steps = steps,
          .params = std::move(params)};
}

// Pushes gate c up by its strength; strengths differ from candidate to candidate.
std::vector<float> Spread(int64_t, std::span<const float> mask) {
  std::vector<float> g;
  for (size_t c = 0; c < mask.size(); ++c) {
    g.push_back(static_cast<float>(std::cos(1.7 * static_cast<double>(c))));
  }
  return g;
}

int64_t Alive(const std::vector<float>& mask) {
  return std::count_if(mask.begin(), mask.end(), [](float a) { return a > 0; });
}

double Mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(PruningRunTest, DenseStartIsTheOrdinaryNetworkToTheBit) {
  for (const char* name :
       {"gated_gradual", "sequential_attention_pp", "gradual_magnitude", "magnitude"}) {
    Scripted run(name, Blocks(37, 0.1, 100));
    ASSERT_OK(run.begun);
    EXPECT_THAT(run.mask(), Each(1.0f)) << name;
  }
}

TEST(PruningRunTest, GatesHaveMeanOneWhileAllAreAlive) {
  // The clip would move the mean; here it is off.
  Scripted run("gated_gradual", Blocks(37, 0.1, 1000, {{"clip", false}}));
  while (run.step() < 100) {
    EXPECT_NEAR(Mean(run.mask()), 1.0, 1e-5);
    run.Step(Spread);
  }
  EXPECT_GT(run.selector().logit_stddev(), 0.1);
}

TEST(PruningRunTest, DeadGatesKeepMovingSoThatTheSoftmaxIsOverAll) {
  Scripted run("gated_gradual", Blocks(20, 0.2, 200, {{"logit_weight_decay", 0.0}}));
  run.StepTo(150, Spread);
  const auto mask = run.mask();
  ASSERT_EQ(Alive(mask), 4);
  // All gates together have sum N: the four alive ones alone stay below it.
  EXPECT_LT(std::accumulate(mask.begin(), mask.end(), 0.0), 20.0);
  const std::vector<float> before(run.selector().scores().begin(), run.selector().scores().end());
  run.Step(Spread);
  for (int c = 0; c < 20; ++c) {
    EXPECT_TRUE(mask[c] > 0 || run.selector().scores()[c] != before[c]) << c;
  }
}

TEST(PruningRunTest, GatesStayWithinTheClip) {
  // 50 candidates, K = 5: gates in [.1, 10]. A strong gradient drives one far beyond.
  const auto one = [](int64_t, std::span<const float> mask) {
    std::vector<float> g(mask.size(), 1.0f);
    g[7] = -100.0f;
    return g;
  };
  Scripted clipped("gated_gradual", Blocks(50, 0.1, 1000, {{"logit_learning_rate", 0.5}}));
  Scripted open("gated_gradual",
                Blocks(50, 0.1, 1000, {{"logit_learning_rate", 0.5}, {"clip", false}}));
  clipped.StepTo(99, one);
  open.StepTo(99, one);
  EXPECT_FLOAT_EQ(clipped.mask()[7], 10.0f);
  for (const float gate : clipped.mask()) EXPECT_GE(gate, 0.1f);
  EXPECT_GT(open.mask()[7], 20.0f);
}

// The logit gradient of the mean-1 softmax against central differences of a separable loss.
TEST(PruningRunTest, LogitGradientAgreesWithCentralDifferences) {
  constexpr int kN = 6;
  const auto slope = [](int c) { return std::sin(2.0 * c) + 0.3; };
  const auto gates_of = [](const std::vector<double>& w) {
    double total = 0;
    for (double x : w) total += std::exp(x);
    std::vector<double> a;
    for (double x : w) a.push_back(kN * std::exp(x) / total);
    return a;
  };
  std::vector<double> numeric;
  for (int i = 0; i < kN; ++i) {
    double difference = 0;
    for (const double h : {1e-5, -1e-5}) {
      std::vector<double> w(kN, 0.0);
      w[i] = h;
      const auto a = gates_of(w);
      for (int c = 0; c < kN; ++c) difference += (h > 0 ? 1 : -1) * slope(c) * a[c] / 2e-5;
    }
    numeric.push_back(difference);
  }
  Scripted run("gated_gradual", Blocks(kN, 0.5, 100, {{"logit_weight_decay", 0.0}}));
  run.Step([&](int64_t, std::span<const float>) {
    std::vector<float> g;
    for (int c = 0; c < kN; ++c) g.push_back(static_cast<float>(slope(c)));
    return g;
  });
  // The first Adam step is the rate times the sign of the gradient.
  for (int i = 0; i < kN; ++i) {
    ASSERT_GT(std::abs(numeric[i]), 1e-3);
    EXPECT_NEAR(run.selector().scores()[i], numeric[i] > 0 ? -0.06 : 0.06, 1e-4) << i;
  }
}

TEST(PruningRunTest, LogitsFollowTheRateOfTheRun) {
  Scripted run("gated_gradual", Blocks(10, 0.5, 100, {{"logit_weight_decay", 0.0}}));
  run.Step(Spread, 0.5);
  for (const float logit : run.selector().scores()) EXPECT_NEAR(std::abs(logit), 0.03, 1e-4);
}

TEST(PruningRunTest, ExactlyTheBudgetIsKeptForAnyDensity) {
  for (const double density : {0.001, 0.05, 0.29, 0.5, 0.999, 1.0}) {
    for (const char* name : {"gated_gradual", "sequential_attention_pp", "magnitude"}) {
      Scripted run(name, Blocks(100, density, 120));
      run.StepTo(120, Spread);
      const auto kept = std::max<int64_t>(1, static_cast<int64_t>(density * 100 + 1e-9));
      EXPECT_THAT(run.selector().picks(), SizeIs(kept)) << name << " " << density;
      EXPECT_EQ(Alive(run.mask()), kept);
    }
  }
}

TEST(PruningRunTest, EqualScoresDieFromTheHighestIndex) {
  Scripted run("gradual_magnitude", Blocks(8, 0.375, 100));
  run.StepTo(100);
  EXPECT_THAT(Sorted(Candidates(run.selector().picks())), ElementsAre(0, 1, 2));
}

TEST(PruningRunTest, NoStepToPruneInIsAnError) {
  for (const char* name : {"gated_gradual", "magnitude"}) {
    Scripted run(name, Blocks(8, 0.5, 1));
    EXPECT_THAT(run.begun, test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                          HasSubstr("a run of 1 steps")))
        << name;
  }
}

TEST(PruningRunTest, AFieldGetsAsManyFirstChunksAsItsChunksHaveEarned) {
  Script script = Blocks(9, 0.34, 100);
  script.candidates.gate = GateKind::kChunk;
  for (int c : {1, 2, 4, 5, 7, 8}) script.candidates.items[c].prerequisite = c - 1;
  Scripted run("gradual_magnitude", script);
  run.probe.contributions = {1, 9, 9, 5, 4, 3, 2, 8, 1};
  run.StepTo(100);
  // The best three are 1, 2 and 7: two of the first field, one of the last.
  EXPECT_THAT(Sorted(Candidates(run.selector().picks())), ElementsAre(0, 1, 6));
}

TEST(PruningRunTest, ByteBudgetIsFilledByScoreAtTheEnd) {
  Script script = Blocks(5, 1.0, 100);
  script.budget = {.max_bytes = 10};
  const std::vector<int64_t> bytes = {8, 7, 3, 2, 1};
  for (int c = 0; c < 5; ++c) script.candidates.items[c].cost.bytes = bytes[c];
  Scripted run("gradual_magnitude", script);
  run.probe.norms = {1, 5, 4, 3, 2};
  run.StepTo(100);
  // At most 3 can be had, so 3 are alive before the last step: 1, 2 and 3. 7 + 3 fill the budget.
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(1, 2));
}

// From all to exactly the budget in every pruning phase, nested; the sparse phase moves nothing.
TEST(PruningRunTest, InEveryPhaseTheAliveAreNestedFromAllToTheBudget) {
  constexpr int64_t kAll = 150, kKept = 15;
  for (const char* name :
       {"gated_gradual", "gradual_magnitude", "sequential_attention_pp", "magnitude"}) {
    Scripted run(name, Blocks(kAll, 0.1, 1500));
    std::string phase = run.selector().first_phase();
    std::vector<float> before = run.mask();
    int64_t cuts = 0, came_back = 0, moved_while_sparse = 0;
    while (run.step() < 1500) {
      const StepOutcome outcome = run.Step(Spread);
      const std::vector<float> now = run.mask();
      const std::string next = outcome.phase.value_or(phase);
      const bool starts_dense = outcome.phase && next == "dense";
      for (size_t c = 0; c < now.size() && !starts_dense; ++c) {
        came_back += now[c] > 0 && before[c] == 0;
        const bool moved = run.selector().needs_mask_gradient() ? (now[c] > 0) != (before[c] > 0)
                                                                : now[c] != before[c];
        moved_while_sparse += phase == "sparse" && moved;
      }
      if (outcome.phase && next == "sparse") {
        EXPECT_EQ(Alive(now), kKept) << name;
        ++cuts;
      } else if (outcome.phase) {
        EXPECT_EQ(Alive(now), kAll) << name << " " << next;
      }
      phase = next;
      before = now;
    }
    EXPECT_EQ(Alive(before), kKept) << name;
    EXPECT_EQ(cuts, name == std::string("sequential_attention_pp") ? 7 : 1) << name;
    EXPECT_EQ(came_back, 0) << name;
    EXPECT_EQ(moved_while_sparse, 0) << name;
  }
}

TEST(PruningRunTest, SparsityIsToldAtMostAboutAHundredTimes) {
  Scripted run("sequential_attention_pp", Blocks(50, 0.1, 20000));
  int64_t told = 0;
  for (const StepOutcome& outcome : run.StepTo(20000, Spread)) told += outcome.sparsity ? 1 : 0;
  EXPECT_GT(told, 20);
  EXPECT_LT(told, 120);
}

}  // namespace
}  // namespace winnow::selectors
