#include "kernels/selectors/knapsack.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using Objective = std::function<double(uint32_t subset)>;

uint32_t Bits(std::span<const Pick> picks) {
  uint32_t subset = 0;
  for (const Pick& pick : picks) subset |= 1u << pick.candidate;
  return subset;
}

bool Affordable(const CandidateSet& set, const Budget& budget, uint32_t subset) {
  BudgetLedger ledger(budget, set.size());
  for (int32_t c = 0; c < set.size(); ++c) {
    if ((subset >> c & 1) == 0) continue;
    if (!ledger.Fits(set.items[c].cost)) return false;
    ledger.Spend(set.items[c].cost);
  }
  return true;
}

// Of all subsets.
double Optimum(const CandidateSet& set, const Budget& budget, const Objective& g) {
  double best = 0;
  for (uint32_t subset = 0; subset < 1u << set.size(); ++subset) {
    if (Affordable(set, budget, subset)) best = std::max(best, g(subset));
  }
  return best;
}

std::vector<int32_t> Fill(const CandidateSet& set, const Budget& budget, const Objective& g) {
  const auto gain = [&](std::span<const Pick> chosen, int32_t c) {
    return g(Bits(chosen) | 1u << c) - g(Bits(chosen));
  };
  return Candidates(FillByRatio(ChosenSet(set, budget), set, budget, gain, 0, set.size()).picks());
}

uint32_t BitsOf(const std::vector<int32_t>& picks) {
  uint32_t subset = 0;
  for (const int32_t c : picks) subset |= 1u << c;
  return subset;
}

// A random instance: costs of one to three currencies, so that the bounds tell apart.
struct Instance {
  CandidateSet set;
  Budget budget;
  std::vector<float> values;
  std::vector<uint32_t> covers;  // coverage: the elements of each candidate, of 32
  std::vector<double> weights;   // of the elements
};

Instance RandomInstance(const RngStream& random, uint64_t& draw, int round) {
  Instance instance;
  const auto n = 4 + static_cast<int64_t>(random.Below(draw++, 12));  // 4 to 15
  instance.set = PlainCandidates(GateKind::kFeature, n);
  double total = 0;
  for (Candidate& item : instance.set.items) {
    item.cost.bytes = 1 + static_cast<int64_t>(random.Below(draw++, round % 2 == 0 ? 10 : 1000));
    item.cost.price = 0.1 + random.Uniform(draw++);
    total += static_cast<double>(item.cost.bytes);
    instance.values.push_back(static_cast<float>(random.Uniform(draw++)));
    uint32_t covered = 0;
    for (int e = 0; e < 32; ++e) covered |= (random.Below(draw++, 5) == 0 ? 1u : 0u) << e;
    instance.covers.push_back(covered);
  }
  for (int e = 0; e < 32; ++e) instance.weights.push_back(random.Uniform(draw++));
  instance.budget.max_bytes =
      std::max<int64_t>(1, static_cast<int64_t>((0.1 + 0.6 * random.Uniform(draw++)) * total));
  return instance;
}

double Modular(const Instance& instance, uint32_t subset) {
  double sum = 0;
  for (size_t c = 0; c < instance.values.size(); ++c) {
    if (subset >> c & 1) sum += instance.values[c];
  }
  return sum;
}

double Coverage(const Instance& instance, uint32_t subset) {
  uint32_t covered = 0;
  for (size_t c = 0; c < instance.covers.size(); ++c) {
    if (subset >> c & 1) covered |= instance.covers[c];
  }
  double sum = 0;
  for (int e = 0; e < 32; ++e) {
    if (covered >> e & 1) sum += instance.weights[e];
  }
  return sum;
}

constexpr double kGuarantee = 0.316;  // (1 - 1/e) / 2

TEST(KnapsackTest, AtLeastTheGuaranteeOfTheOptimumOnModularAndCoverageInstances) {
  const RngStream random(20, "test/knapsack");
  uint64_t draw = 0;
  for (int round = 0; round < 100; ++round) {
    const Instance instance = RandomInstance(random, draw, round);
    for (const bool modular : {true, false}) {
      const Objective g = [&](uint32_t subset) {
        return modular ? Modular(instance, subset) : Coverage(instance, subset);
      };
      const uint32_t picked = BitsOf(Fill(instance.set, instance.budget, g));
      EXPECT_TRUE(Affordable(instance.set, instance.budget, picked)) << round;
      EXPECT_GE(g(picked), kGuarantee * Optimum(instance.set, instance.budget, g)) << round;
    }
  }
}

TEST(KnapsackTest, GainsThatAddUpPickAsTheirObjective) {
  const RngStream random(21, "test/knapsack");
  uint64_t draw = 0;
  for (int round = 0; round < 200; ++round) {
    const Instance instance = RandomInstance(random, draw, round);
    ChosenSet chosen(instance.set, instance.budget);
    const auto picks = chosen.FillByGain(instance.values, 0, 100);
    EXPECT_EQ(Candidates(picks), Fill(instance.set, instance.budget,
                                      [&](uint32_t subset) { return Modular(instance, subset); }))
        << round;
    for (const Pick& pick : picks) EXPECT_EQ(pick.score, instance.values[pick.candidate]);
  }
}

// The pair on which greedy by ratio alone is arbitrarily bad: a crumb of best ratio that leaves no
// room for the item worth the whole budget.
TEST(KnapsackTest, TheFallbackSolvesTheAdversarialPair) {
  CandidateSet set = PlainCandidates(GateKind::kFeature, 2);
  set.items[0].cost.bytes = 1;
  set.items[1].cost.bytes = 1000;
  Budget budget;
  budget.max_bytes = 1000;
  const std::vector<float> values = {0.002f, 1.0f};
  ChosenSet chosen(set, budget);
  EXPECT_THAT(Candidates(chosen.FillByGain(values, 0, 100)), ElementsAre(1));
  const Objective g = [&](uint32_t subset) {
    return (subset & 1 ? 0.002 : 0.0) + (subset & 2 ? 1.0 : 0.0);
  };
  EXPECT_THAT(Fill(set, budget, g), ElementsAre(1));
  // Without the fallback the crumb is all there is: the test above would notice.
  ChosenSet by_ratio(set, budget);
  EXPECT_THAT(Candidates(by_ratio.FillByScore(
                  std::vector<float>{values[0] / 1.0f, values[1] / 1000.0f}, 0, 100)),
              ElementsAre(0));
}

TEST(KnapsackTest, RatioBeatsGainWhereManySmallOnesAreWorthMore) {
  CandidateSet set = PlainCandidates(GateKind::kFeature, 4);
  for (int c : {0, 1, 2}) set.items[c].cost.bytes = 30;
  set.items[3].cost.bytes = 90;
  Budget budget;
  budget.max_bytes = 90;
  ChosenSet chosen(set, budget);
  EXPECT_THAT(Candidates(chosen.FillByGain(std::vector<float>{0.4f, 0.4f, 0.4f, 1.0f}, 0, 100)),
              UnorderedElementsAre(0, 1, 2));
}

TEST(KnapsackTest, DoublingCostsAndBudgetChangesNothingAndUnitCostsPickLikeACount) {
  const RngStream random(22, "test/knapsack");
  uint64_t draw = 0;
  for (int round = 0; round < 100; ++round) {
    Instance instance = RandomInstance(random, draw, round);
    ChosenSet once(instance.set, instance.budget);
    const auto picks = Candidates(once.FillByGain(instance.values, 0, 100));
    for (Candidate& item : instance.set.items) item.cost.bytes *= 2;
    Budget doubled = instance.budget;
    doubled.max_bytes = *doubled.max_bytes * 2;
    ChosenSet twice(instance.set, doubled);
    EXPECT_EQ(Candidates(twice.FillByGain(instance.values, 0, 100)), picks);
    for (Candidate& item : instance.set.items) item.cost.bytes = 1;
    Budget unit;
    unit.max_bytes = 3;
    ChosenSet by_bytes(instance.set, unit), by_count(instance.set, Count(3));
    EXPECT_EQ(Candidates(by_bytes.FillByGain(instance.values, 0, 100)),
              Candidates(by_count.FillByScore(instance.values, 0, 100)));
  }
}

TEST(KnapsackTest, EveryBoundHoldsUnderSeveralCurrencies) {
  const RngStream random(23, "test/knapsack");
  uint64_t draw = 0;
  for (int round = 0; round < 100; ++round) {
    Instance instance = RandomInstance(random, draw, round);
    instance.budget.max_cost = 0.5 + 3 * random.Uniform(draw++);
    instance.budget.max_count = 1 + static_cast<int64_t>(random.Below(draw++, 6));
    ChosenSet chosen(instance.set, instance.budget);
    const auto picks = Candidates(chosen.FillByGain(instance.values, 0, 100));
    EXPECT_TRUE(Affordable(instance.set, instance.budget, BitsOf(picks))) << round;
    EXPECT_TRUE(chosen.Eligible().empty()) << round;
  }
}

TEST(KnapsackTest, MustKeepAndPrerequisitesHold) {
  CandidateSet set = PlainCandidates(GateKind::kChunk, 4);
  for (Candidate& item : set.items) item.cost.bytes = 10;
  set.items[1].prerequisite = 0;  // 0 is worth little, 1 much
  set.must_keep = {3};
  Budget budget;
  budget.max_bytes = 30;
  ChosenSet chosen(set, budget);
  ASSERT_TRUE(chosen.AddMustKeep().ok());
  EXPECT_THAT(Candidates(chosen.FillByGain(std::vector<float>{0.5f, 9.0f, 0.1f, 0.0f}, 0, 100)),
              ElementsAre(0, 1));
  EXPECT_THAT(Candidates(chosen.picks()), ElementsAre(3, 0, 1));
}

TEST(KnapsackTest, AnItemThatOnlyHurtsComesLast) {
  EXPECT_GT(GainForCost(0.0, 5.0), GainForCost(-0.1, 5.0));
  EXPECT_GT(GainForCost(-0.1, 1.0), GainForCost(-0.1, 5.0));
  EXPECT_GT(GainForCost(0.1, 0.0), GainForCost(100.0, 1e-6));
}

}  // namespace
}  // namespace winnow::selectors
