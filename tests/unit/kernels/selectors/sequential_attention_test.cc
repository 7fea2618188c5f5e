// Sequential Attention (arXiv:2209.14881): mask algebra, schedule, the defects of the published
// code that must not come back.
#include "kernels/selectors/sequential_attention.h"

#include <array>
#include <cmath>
#include <numeric>
#include <set>
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
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kName[] = "sequential_attention";

ParamValues With(std::initializer_list<ParamValues::value_type> given) { return {given}; }

Script Features(int32_t d, int64_t k, int64_t steps, ParamValues params = {}) {
  return {.candidates = PlainCandidates(GateKind::kFeature, d),
          .budget = Count(k),
          .steps = steps,
          .params = std::move(params)};
}

// A gradient that lowers the loss when candidate c's mask grows, by `strength`[c].
Scripted::Gradient Favour(std::vector<float> strength) {
  return [strength = std::move(strength)](int64_t, std::span<const float>) {
    std::vector<float> g;
    for (float s : strength) g.push_back(-s);
    return g;
  };
}

double SumOf(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(SequentialAttentionTest, MaskIsOneInWarmUpThenSumsToItsScaleOverTheUnselected) {
  for (const double scale : {1.0, 8.0}) {
    Scripted run(kName, Features(8, 3, 100, With({{"mask_scale", scale}})));
    ASSERT_OK(run.begun);
    const auto favour = Favour({8, 7, 6, 5, 4, 3, 2, 1});
    while (run.step() < 100) {
      const auto mask = run.mask();
      if (run.step() < 10) {
        EXPECT_THAT(mask, Each(1.0f));
        EXPECT_FALSE(run.selector().needs_mask_gradient());
      } else {
        const double selected = static_cast<double>(run.selector().picks().size());
        EXPECT_NEAR(SumOf(mask), selected + scale, 1e-5 * scale);
        for (const Pick& pick : run.selector().picks()) EXPECT_EQ(mask[pick.candidate], 1.0f);
      }
      run.Step(favour);
    }
  }
}

TEST(SequentialAttentionTest, LastUnselectedGetsTheWholeMaskAndAllSelectedIsNoNaN) {
  Scripted run(kName, Features(3, 3, 90, With({{"warmup", 0.0}})));
  ASSERT_OK(run.begun);
  run.StepTo(60, Favour({1, 2, 3}));
  EXPECT_THAT(run.selector().picks(), SizeIs(2));
  EXPECT_THAT(run.mask(), Each(1.0f));
  run.StepTo(90, Favour({1, 2, 3}));
  EXPECT_THAT(run.selector().picks(), SizeIs(3));
  EXPECT_THAT(run.mask(), Each(1.0f));
}

TEST(SequentialAttentionTest, PermutingTheFeaturesPermutesThePicks) {
  const std::vector<float> strength = {.1f, .9f, .4f, .7f, .2f, .5f};
  const std::vector<int32_t> order = {4, 2, 0, 5, 1, 3};  // new place of old feature i
  std::vector<float> moved(6);
  for (int i = 0; i < 6; ++i) moved[order[i]] = strength[i];
  Scripted a(kName, Features(6, 4, 400)), b(kName, Features(6, 4, 400));
  a.StepTo(400, Favour(strength));
  b.StepTo(400, Favour(moved));
  std::vector<int32_t> expected;
  for (int32_t c : Candidates(a.selector().picks())) expected.push_back(order[c]);
  EXPECT_EQ(Candidates(b.selector().picks()), expected);
}

// d loss / d w by central differences of loss(a(w)) with a separable loss; one SGD step of the
// logits shows the analytic gradient.
TEST(SequentialAttentionTest, LogitGradientAgreesWithCentralDifferences) {
  constexpr int kD = 5;
  const std::vector<double> weight = {1.3, -0.4, 0.8, 2.1, -1.0};
  const auto loss = [&](const std::vector<double>& a) {
    double sum = 0;
    for (int i = 0; i < kD; ++i) sum += weight[i] * a[i] + 0.5 * a[i] * a[i];
    return sum;
  };
  const double scale = 3.0;
  const auto mask_of = [&](const std::vector<double>& w) {
    double total = 0;
    std::vector<double> a;
    for (double x : w) total += std::exp(x);
    for (double x : w) a.push_back(scale * std::exp(x) / total);
    return a;
  };
  std::vector<double> numeric;
  for (int i = 0; i < kD; ++i) {
    std::vector<double> up(kD), down(kD);
    up[i] = 1e-5;
    down[i] = -1e-5;
    numeric.push_back((loss(mask_of(up)) - loss(mask_of(down))) / 2e-5);
  }
  EXPECT_NEAR(std::accumulate(numeric.begin(), numeric.end(), 0.0), 0, 1e-8);

  Scripted run(kName, Features(kD, 1, 10,
                               With({{"warmup", 0.0},
                                     {"mask_scale", scale},
                                     {"logit_optimizer", std::string("sgd")},
                                     {"logit_learning_rate", 1.0}})));
  const auto start = run.mask();
  run.Step([&](int64_t, std::span<const float> a) {
    std::vector<float> g;
    for (int i = 0; i < kD; ++i) g.push_back(static_cast<float>(weight[i] + a[i]));
    return g;
  });
  const auto end = run.mask();
  // log a_i moves by -gradient_i up to a common constant; the gradient sums to 0.
  double mean = 0;
  for (int i = 0; i < kD; ++i) mean += std::log(end[i] / start[i]) / kD;
  for (int i = 0; i < kD; ++i) {
    EXPECT_NEAR(std::log(end[i] / start[i]) - mean, -numeric[i], 1e-4) << i;
  }
}

TEST(SequentialAttentionTest, PicksComeAtTheEndOfPhasesThatPartitionTheGatedSteps) {
  for (const auto& [d, k, m, steps] : std::vector<std::array<int64_t, 4>>{
           {60, 50, 1, 2222}, {20, 7, 3, 101}, {9, 9, 2, 50}, {5, 1, 4, 3}}) {
    Scripted run(kName,
                 Features(static_cast<int32_t>(d), k, steps, With({{"picks_per_round", m}})));
    ASSERT_OK(run.begun);
    const int64_t rounds = (k + m - 1) / m, warm = steps / 10, gated = steps - warm;
    std::set<int64_t> ends;
    for (int64_t r = 0; r < rounds; ++r) ends.insert(warm + (r + 1) * gated / rounds - 1);
    ASSERT_THAT(ends, SizeIs(rounds));
    EXPECT_EQ(*ends.rbegin(), steps - 1);
    for (int64_t step = 0; step < steps; ++step) {
      const StepOutcome outcome = run.Step();
      EXPECT_EQ(!outcome.picks.empty(), ends.count(step) == 1) << "step " << step;
      EXPECT_EQ(outcome.done, step == steps - 1);
    }
    EXPECT_THAT(run.selector().picks(), SizeIs(k));
  }
}

// The published code compares a number of rounds with a number of features and ends with 26, 10, 10
// and 25 of 50 picks for these m.
TEST(SequentialAttentionTest, SeveralPicksARoundStillGiveExactlyK) {
  for (const int64_t m : {2, 5, 10, 25, 50}) {
    Scripted run(kName, Features(80, 50, 500, With({{"picks_per_round", m}})));
    run.StepTo(500);
    const auto picks = run.selector().picks();
    EXPECT_THAT(picks, SizeIs(50));
    EXPECT_EQ(picks.back().phase, (50 + m - 1) / m - 1);
    std::set<int32_t> unique;
    for (const Pick& pick : picks) unique.insert(pick.candidate);
    EXPECT_THAT(unique, SizeIs(50));
  }
}

// Also where m does not divide k: each pick at the end of its phase, none twice, no phase empty.
TEST(SequentialAttentionTest, ExactlyKInPhasesForAnyPicksARound) {
  constexpr int64_t kSteps = 60;
  for (int64_t k = 1; k <= 12; ++k) {
    for (int64_t m = 1; m <= k + 1; ++m) {
      Scripted run(kName, Features(13, k, kSteps, With({{"picks_per_round", m}})));
      ASSERT_OK(run.begun);
      std::set<int32_t> unique;
      int64_t rounds = 0, phases = run.selector().first_phase() == "warmup" ? 0 : 1;
      while (run.step() < kSteps) {
        const StepOutcome outcome = run.Step();
        phases += outcome.phase ? 1 : 0;
        if (outcome.picks.empty()) continue;
        EXPECT_THAT(outcome.picks, SizeIs(std::min(m, k - rounds * m)));
        for (const Pick& pick : outcome.picks) {
          EXPECT_TRUE(unique.insert(pick.candidate).second);
          EXPECT_EQ(pick.phase, rounds);
        }
        ++rounds;
        EXPECT_EQ(outcome.done, run.step() == kSteps);
      }
      EXPECT_EQ(rounds, (k + m - 1) / m) << k << " in rounds of " << m;
      EXPECT_EQ(phases, rounds);
      EXPECT_THAT(unique, SizeIs(k));
    }
  }
}

// The published code picks at the start of a phase, when the logits are still their random draw:
// its first pick is a coin toss (one run in d here).
TEST(SequentialAttentionTest, FirstPickHasSeenItsPhaseAndIsNotNoise) {
  std::vector<float> strength(20, 0.0f);
  strength[13] = 1.0f;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Script script = Features(20, 2, 100);
    script.seed = seed;
    Scripted run(kName, script);
    run.StepTo(100, Favour(strength));
    EXPECT_EQ(run.selector().picks().front().candidate, 13);
  }
}

TEST(SequentialAttentionTest, LogitsStartAfreshAfterAPick) {
  Scripted run(kName, Features(4, 2, 200, With({{"warmup", 0.0}})));
  run.StepTo(99, Favour({4, 3, 2, 1}));
  const auto before = run.mask();
  EXPECT_GT(before[0], 1.05 * before[3]);
  run.Step(Favour({4, 3, 2, 1}));
  const auto after = run.mask();
  EXPECT_EQ(after[0], 1.0f);
  for (int c = 1; c < 4; ++c) EXPECT_NEAR(after[c], 1.0 / 3, 1e-4);
}

TEST(SequentialAttentionTest, WithoutResetTheAttentionGoesOn) {
  Scripted run(kName, Features(4, 2, 200, With({{"warmup", 0.0}, {"reset_logits", false}})));
  run.StepTo(100, Favour({4, 3, 2, 1}));
  const auto after = run.mask();
  EXPECT_GT(after[1], 1.05 * after[3]);
}

TEST(SequentialAttentionTest, FewerStepsThanRoundsIsAnError) {
  Scripted run(kName, Features(20, 10, 10));
  EXPECT_THAT(run.begun, test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                        HasSubstr("10 rounds but only 9 steps")));
}

TEST(SequentialAttentionTest, MustKeepStandsFirstAndTakesNoRound) {
  Script script = Features(6, 3, 100);
  script.candidates.must_keep = {5, 1};
  Scripted run(kName, script);
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(5, 1));
  run.StepTo(10);
  EXPECT_EQ(run.mask()[5], 1.0f);
  EXPECT_NEAR(SumOf(run.mask()), 3.0, 1e-5);
  const auto outcomes = run.StepTo(100, Favour({1, 9, 3, 2, 1, 9}));
  for (size_t i = 0; i + 1 < outcomes.size(); ++i) EXPECT_THAT(outcomes[i].picks, IsEmpty());
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(5, 1, 2));
}

TEST(SequentialAttentionTest, NothingLeftToPickEndsTheRunAtOnce) {
  Script script = Features(4, 2, 100);
  script.candidates.must_keep = {0, 1};
  Scripted run(kName, script);
  ASSERT_OK(run.begun);
  EXPECT_TRUE(run.Step().done);
}

TEST(SequentialAttentionTest, WhatNoLongerFitsLeavesTheSoftmax) {
  Script script = Features(3, 3, 300);
  script.candidates.items[0].cost.bytes = 60;
  script.candidates.items[1].cost.bytes = 50;
  script.candidates.items[2].cost.bytes = 40;
  script.budget = {.max_bytes = 100};
  Scripted run(kName, script);
  while (run.selector().picks().empty()) run.Step(Favour({3, 2, 1}));
  EXPECT_THAT(run.mask(), ElementsAre(1.0f, 0.0f, 1.0f));  // 50 no longer fits beside 60
  const auto outcomes = run.StepTo(300, Favour({3, 2, 1}));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(0, 2));
}

TEST(SequentialAttentionTest, PrefixChunksWaitForTheChunkBefore) {
  Script script = Features(4, 3, 400, With({{"score", std::string("gate")}}));
  script.candidates.gate = GateKind::kChunk;
  script.candidates.items[1].prerequisite = 0;
  script.candidates.items[3].prerequisite = 2;
  Scripted run(kName, script);
  run.StepTo(41);
  EXPECT_EQ(run.mask()[1], 0.0f);
  EXPECT_EQ(run.mask()[3], 0.0f);
  EXPECT_NEAR(run.mask()[0] + run.mask()[2], 1.0, 1e-5);
  run.StepTo(400, Favour({2, 9, 1, 9}));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(0, 1, 2));
}

TEST(SequentialAttentionTest, ScoreOfChunksIsGateTimesContributionOverCost) {
  Script script =
      Features(3, 1, 20, With({{"score", std::string("gate_magnitude")}, {"cost_exponent", 0.3}}));
  script.candidates.items[1].cost.bytes = 1 << 20;
  Scripted run(kName, script);
  run.probe.contributions = {1.0f, 8.0f, 4.0f};  // log 8 - .3 log 2^20 = -2.1 < log 4 = 1.4
  run.StepTo(20);
  const Pick pick = run.selector().picks().front();
  EXPECT_EQ(pick.candidate, 2);
  EXPECT_NEAR(pick.score, std::log(4.0), 1e-3);
}

TEST(SequentialAttentionTest, LogitsFollowTheRateOfTheRun) {
  Scripted full(kName, Features(3, 1, 10, With({{"warmup", 0.0}})));
  Scripted none(kName, Features(3, 1, 10, With({{"warmup", 0.0}})));
  const auto before = none.mask();
  full.Step(Favour({3, 2, 1}), 1.0);
  none.Step(Favour({3, 2, 1}), 0.0);
  EXPECT_NE(full.mask(), before);
  EXPECT_EQ(none.mask(), before);
}

TEST(SequentialAttentionTest, StoppedInWarmUpFillsByContribution) {
  Scripted run(kName, Features(4, 2, 100));
  run.probe.contributions = {1, 4, 2, 3};
  run.StepTo(5);
  ASSERT_OK(run.selector().Finish(run.probe));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(1, 3));
}

TEST(SequentialAttentionTest, StoppedRightAfterAPickFillsByTheAttentionOfThatPhase) {
  Scripted run(kName, Features(5, 4, 400,
                               With({{"warmup", 0.0},
                                     {"logit_optimizer", std::string("sgd")},
                                     {"logit_learning_rate", 0.01}})));
  run.StepTo(100, Favour({1, 5, 3, 4, 2}));
  ASSERT_THAT(Candidates(run.selector().picks()), ElementsAre(1));
  ASSERT_OK(run.selector().Finish(run.probe));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(1, 3, 2, 4));
}

TEST(SequentialAttentionTest, StepsFollowFromThePicks) {
  const Row& row = *FindSelector(kName);
  const ParamValues defaults = ResolvedParams(row, GateKind::kFeature);
  EXPECT_EQ(row.selection_steps(defaults, 50), 2222);  // round(40 * 50 / .9)
  EXPECT_EQ(row.selection_steps(defaults, 6), 267);
  ParamValues given = defaults;
  given["steps"] = int64_t{6000};
  EXPECT_EQ(row.selection_steps(given, 50), 6000);
}

// No feature tells anything alone; the network must use two together before their gates can show.
TEST(SequentialAttentionTest, FindsBothFeaturesOfXor) {
  int found = 0;
  for (const uint64_t seed : {1, 2, 3}) {
    const PlantedData data = MakeXor(8, 512, seed);
    TestRun run(*FindSelector(kName), data,
                {.params = {{"steps", int64_t{1500}}, {"logit_learning_rate", 2e-3}},
                 .seed = seed,
                 .batch = 128,
                 .learning_rate = 5e-3});
    run.RunToEnd();
    found += Sorted(Candidates(run.selector().picks())) == data.truth ? 1 : 0;
  }
  EXPECT_EQ(found, 3);
}

}  // namespace
}  // namespace winnow::selectors
