// SequentialAttention++ (arXiv:2402.17902): the plan of phases and the sparsity inside them.
#include "kernels/selectors/sequential_attention_pp.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/selectors/prune_phases.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

constexpr char kName[] = "sequential_attention_pp";
constexpr int32_t kBlocks = 200;
constexpr int64_t kSteps = 1500;

Script Blocks(ParamValues params = {}) {
  Budget budget;
  budget.density = 0.05;
  return {.candidates = PlainCandidates(GateKind::kBlock, kBlocks),
          .budget = budget,
          .steps = kSteps,
          .params = std::move(params)};
}

std::vector<float> Wander(int64_t step, std::span<const float> mask) {
  std::vector<float> g;
  for (size_t c = 0; c < mask.size(); ++c) {
    g.push_back(static_cast<float>(std::sin(0.9 * static_cast<double>(c) + 0.004 * step)));
  }
  return g;
}

std::vector<int32_t> AliveIn(const std::vector<float>& mask) {
  std::vector<int32_t> alive;
  for (size_t c = 0; c < mask.size(); ++c) {
    if (mask[c] > 0) alive.push_back(static_cast<int32_t>(c));
  }
  return alive;
}

struct Phase {
  std::string name;
  int64_t begin = 0;
};

std::vector<Phase> PhasesOf(Script script) {
  Scripted run(kName, std::move(script));
  std::vector<Phase> phases = {{run.selector().first_phase(), 0}};
  while (run.step() < kSteps) {
    const StepOutcome outcome = run.Step();
    if (outcome.phase) phases.push_back({*outcome.phase, run.step()});
  }
  return phases;
}

TEST(SequentialAttentionPpTest, PlanIsDenseSixCyclesOfThirdsSparsificationSparse) {
  const auto phases = PhasesOf(Blocks());
  ASSERT_EQ(phases.size(), 1u + 6 * 3 + 2);
  EXPECT_EQ(phases[0].name, "dense");
  for (size_t c = 0; c < 6; ++c) {
    EXPECT_EQ(phases[1 + 3 * c].name, "sparsification");
    EXPECT_EQ(phases[2 + 3 * c].name, "sparse");
    EXPECT_EQ(phases[3 + 3 * c].name, "dense");
    EXPECT_EQ(phases[1 + 3 * c].begin, 150 + 150 * static_cast<int64_t>(c));
    EXPECT_EQ(phases[2 + 3 * c].begin, 200 + 150 * static_cast<int64_t>(c));
    EXPECT_EQ(phases[3 + 3 * c].begin, 250 + 150 * static_cast<int64_t>(c));
  }
  EXPECT_EQ(phases[19].name, "sparsification");
  EXPECT_EQ(phases[19].begin, 1050);
  EXPECT_EQ(phases[20].name, "sparse");
  EXPECT_EQ(phases[20].begin, 1275);
}

TEST(SequentialAttentionPpTest, WithoutCyclesTheirShareIsSparsification) {
  const auto phases = PhasesOf(Blocks({{"cycles", int64_t{0}}}));
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[1].begin, 150);
  EXPECT_EQ(phases[2].begin, 1275);
}

TEST(SequentialAttentionPpTest, AliveSetsAreNestedInAPhaseAndFollowTheExponentialCurve) {
  Scripted run(kName, Blocks());
  run.StepTo(150, Wander);
  std::vector<int32_t> alive = AliveIn(run.mask());
  EXPECT_EQ(alive.size(), 200u);
  for (int64_t s = 1; s <= 50; ++s) {
    run.Step(Wander);
    const std::vector<int32_t> now = AliveIn(run.mask());
    EXPECT_THAT(now, IsSubsetOf(alive));
    const double sparsity = 0.95 * ExponentialCurve(s / 50.0, 4.0);
    EXPECT_EQ(static_cast<int64_t>(now.size()),
              200 - static_cast<int64_t>(std::floor(sparsity * 200 + (s == 50 ? 1e-9 : 0))));
    alive = now;
  }
  EXPECT_EQ(alive.size(), 10u);  // floor(.05 * 200), exact at the end
}

TEST(SequentialAttentionPpTest, SparsePhaseKeepsItsSetAndDensePhaseBringsAllBack) {
  Scripted run(kName, Blocks());
  run.StepTo(200, Wander);
  const std::vector<int32_t> kept = AliveIn(run.mask());
  while (run.step() < 249) {
    run.Step(Wander);
    EXPECT_EQ(AliveIn(run.mask()), kept);
  }
  const StepOutcome outcome = run.Step(Wander);
  EXPECT_EQ(AliveIn(run.mask()).size(), 200u);
  EXPECT_EQ(outcome.sparsity, 0.0);
}

TEST(SequentialAttentionPpTest, DropsByTheGateNotByTheNorm) {
  Scripted run(kName, Blocks());
  for (int c = 0; c < kBlocks; ++c) run.probe.norms[c] = static_cast<float>(c % 7);
  run.StepTo(kSteps, [](int64_t, std::span<const float> mask) {
    std::vector<float> g(mask.size(), 1.0f);
    for (int c = 40; c < 50; ++c) g[c] = -1.0f;
    return g;
  });
  EXPECT_THAT(Sorted(Candidates(run.selector().picks())),
              ElementsAre(40, 41, 42, 43, 44, 45, 46, 47, 48, 49));
}

TEST(SequentialAttentionPpTest, OptimizerIsResetAtEveryChangeOfPhaseOnlyWhenAsked) {
  for (const bool reset : {false, true}) {
    Scripted run(kName, Blocks({{"reset_optimizer", reset}}));
    int64_t resets = 0;
    for (const StepOutcome& outcome : run.StepTo(kSteps, Wander)) {
      EXPECT_EQ(outcome.reset_optimizer, reset && outcome.phase.has_value());
      resets += outcome.reset_optimizer ? 1 : 0;
    }
    EXPECT_EQ(resets, reset ? 20 : 0);
  }
}

// With the moments cleared the next step of every logit has the full size of the rate again.
TEST(SequentialAttentionPpTest, ResetClearsTheLogitsMomentsToo) {
  Scripted run(kName, Blocks({{"reset_optimizer", true}, {"logit_weight_decay", 0.0}}));
  run.StepTo(150, Wander);
  const auto before = run.selector().scores()[0];
  run.Step(Wander);
  EXPECT_NEAR(std::abs(run.selector().scores()[0] - before), 0.06, 1e-3);
}

TEST(SequentialAttentionPpTest, SharesAboveTheRunAreAViolation) {
  const Row& row = *FindSelector(kName);
  ParamValues params = ResolvedParams(row, GateKind::kBlock);
  EXPECT_THAT(row.check(params), IsEmpty());
  params["dense_fraction"] = 0.8;
  params["sparse_fraction"] = 0.3;
  EXPECT_THAT(row.check(params),
              ElementsAre(Field(&ParamViolation::name, "last_sparsification_fraction")));
}

}  // namespace
}  // namespace winnow::selectors
