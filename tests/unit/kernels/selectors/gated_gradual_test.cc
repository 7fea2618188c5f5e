#include "kernels/selectors/gated_gradual.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

constexpr char kName[] = "gated_gradual";

Script Blocks(int32_t n, int64_t keep, int64_t steps, ParamValues params = {}) {
  return {.candidates = PlainCandidates(GateKind::kBlock, n),
          .budget = Count(keep),
          .steps = steps,
          .params = std::move(params)};
}

Scripted::Gradient Favour(std::vector<int32_t> candidates) {
  return [candidates](int64_t, std::span<const float> mask) {
    std::vector<float> g(mask.size(), 1.0f);
    for (int32_t c : candidates) g[c] = -1.0f;
    return g;
  };
}

int64_t Alive(const std::vector<float>& mask) {
  return std::count_if(mask.begin(), mask.end(), [](float a) { return a > 0; });
}

TEST(GatedGradualTest, OneCubicPruningPhaseMovedEveryTwoHundredthOfTheRun) {
  Scripted run(kName, Blocks(1000, 50, 2000));
  int64_t before = 1000;
  for (int64_t step = 1; step <= 2000; ++step) {
    run.Step();
    const int64_t alive = Alive(run.mask());
    if (step < 200 || step > 1400) {
      EXPECT_EQ(alive, before);
    } else if (step % 10 != 0) {
      EXPECT_EQ(alive, before) << "the mask moved between two updates, step " << step;
    } else {
      const double u = static_cast<double>(step - 200) / 1200.0;
      const double sparsity = 0.95 * (1 - std::pow(1 - u, 3));
      EXPECT_NEAR(static_cast<double>(alive), 1000 * (1 - sparsity), 1.0);
    }
    before = alive;
  }
  EXPECT_EQ(before, 50);
}

TEST(GatedGradualTest, TheDeadDoNotComeBack) {
  // What was worst until half way becomes best: too late.
  Scripted run(kName, Blocks(20, 2, 200));
  run.StepTo(100, Favour({0, 1, 2, 3}));
  run.StepTo(200, Favour({18, 19}));
  for (const Pick& pick : run.selector().picks()) EXPECT_LT(pick.candidate, 4);
}

TEST(GatedGradualTest, ScoreIsTheGateNotTheNorm) {
  Scripted run(kName, Blocks(20, 2, 200));
  for (int c = 0; c < 20; ++c) run.probe.norms[c] = static_cast<float>(c);
  run.probe.contributions = run.probe.norms;
  run.StepTo(200, Favour({5, 11}));
  EXPECT_THAT(Sorted(Candidates(run.selector().picks())), ElementsAre(5, 11));
}

TEST(GatedGradualTest, ChunksAreScoredByGateTimesContribution) {
  Script script = Blocks(4, 1, 100);
  script.candidates.gate = GateKind::kChunk;
  Scripted run(kName, script);
  run.probe.contributions = {1e-3f, 2.0f, 1e3f, 1e-3f};
  run.StepTo(100, Favour({1}));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(2));
}

TEST(GatedGradualTest, SharesAboveTheRunAreAViolation) {
  const Row& row = *FindSelector(kName);
  ParamValues params = ResolvedParams(row, GateKind::kBlock, {{"prune_fraction", 0.95}});
  EXPECT_THAT(row.check(params), ElementsAre(Field(&ParamViolation::name, "prune_fraction")));
}

}  // namespace
}  // namespace winnow::selectors
