#include "kernels/base/budget.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow {
namespace {

Budget Bytes(int64_t bytes) {
  Budget budget;
  budget.max_bytes = bytes;
  return budget;
}

TEST(BudgetLedgerTest, EveryBoundHolds) {
  Budget budget = Bytes(100);
  budget.max_count = 3;
  budget.max_flops = 50;
  BudgetLedger ledger(budget, 10);
  const Cost cost{.price = 2, .bytes = 40, .flops = 10};
  ASSERT_TRUE(ledger.Fits(cost));
  ledger.Spend(cost);
  ledger.Spend(cost);
  EXPECT_FALSE(ledger.Fits(cost));                                   // bytes
  EXPECT_TRUE(ledger.Fits({.price = 1, .bytes = 20, .flops = 30}));  // to the last byte and flop
  EXPECT_FALSE(ledger.Fits({.price = 1, .bytes = 1, .flops = 31}));
  ledger.Spend({.price = 1, .bytes = 0, .flops = 0});
  EXPECT_FALSE(ledger.Fits({.price = 1, .bytes = 0, .flops = 0}));  // count
  EXPECT_EQ(ledger.count(), 3);
  EXPECT_EQ(ledger.bytes(), 80);
  EXPECT_EQ(ledger.flops(), 20);
  EXPECT_EQ(ledger.price(), 5);
}

TEST(BudgetLedgerTest, RefundTakesBackWhatWasSpent) {
  BudgetLedger ledger(Bytes(10), 4);
  const Cost cost{.price = 1, .bytes = 10, .flops = 3};
  ledger.Spend(cost);
  EXPECT_FALSE(ledger.Fits({.bytes = 1}));
  ledger.Refund(cost);
  EXPECT_TRUE(ledger.Fits(cost));
  EXPECT_EQ(ledger.count(), 0);
  EXPECT_EQ(ledger.flops(), 0);
}

TEST(BudgetLedgerTest, DensityKeepsTheFloorOfItsShareAndAtLeastOne) {
  const auto kept = [](double density, int64_t n) {
    Budget budget;
    budget.density = density;
    return CountBound(budget, n).value();
  };
  EXPECT_EQ(kept(0.05, 1225), 61);
  EXPECT_EQ(kept(0.29, 100), 29);  // 0.29 * 100 is 28.999999999999996 in binary
  EXPECT_EQ(kept(0.001, 100), 1);
  EXPECT_EQ(kept(1.0, 7), 7);
}

TEST(BudgetLedgerTest, TheSmallerOfCountAndDensityHolds) {
  Budget budget;
  budget.density = 0.5;
  budget.max_count = 3;
  EXPECT_EQ(CountBound(budget, 10), 3);
  EXPECT_EQ(CountBound(budget, 4), 2);
  EXPECT_EQ(CountBound(Bytes(1), 10), std::nullopt);
}

// The largest subset of all 2^n that a budget holds.
int64_t LargestSubset(const Budget& budget, const std::vector<Cost>& costs) {
  int64_t best = 0;
  for (uint32_t subset = 0; subset < 1u << costs.size(); ++subset) {
    BudgetLedger ledger(budget, static_cast<int64_t>(costs.size()));
    bool fits = true;
    for (size_t i = 0; i < costs.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      fits = fits && ledger.Fits(costs[i]);
      ledger.Spend(costs[i]);
    }
    if (fits) best = std::max<int64_t>(best, std::popcount(subset));
  }
  return best;
}

TEST(MaxAffordableCountTest, IsExactForOneCurrencyAndABoundForSeveral) {
  const RngStream random(5, "test/costs");
  uint64_t draw = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<Cost> costs;
    for (int i = 0; i < 10; ++i) {
      costs.push_back({.price = 1,
                       .bytes = 1 + static_cast<int64_t>(random.Below(draw++, 40)),
                       .flops = 1 + static_cast<int64_t>(random.Below(draw++, 40))});
    }
    Budget budget = Bytes(1 + static_cast<int64_t>(random.Below(draw++, 200)));
    if (round % 2 == 0) budget.max_count = 1 + static_cast<int64_t>(random.Below(draw++, 10));
    EXPECT_EQ(MaxAffordableCount(budget, costs), LargestSubset(budget, costs));
    budget.max_flops = 1 + static_cast<int64_t>(random.Below(draw++, 200));
    EXPECT_GE(MaxAffordableCount(budget, costs), LargestSubset(budget, costs));
  }
}

TEST(MaxAffordableCountTest, UnitCostsAndDoubling) {
  const std::vector<Cost> unit(8, Cost{.price = 1, .bytes = 1, .flops = 1});
  EXPECT_EQ(MaxAffordableCount(Bytes(5), unit), 5);
  EXPECT_EQ(MaxAffordableCount(Bytes(100), unit), 8);
  std::vector<Cost> costs, twice;
  for (int64_t i = 1; i <= 8; ++i) {
    costs.push_back({.bytes = i});
    twice.push_back({.bytes = 2 * i});
  }
  for (int64_t bytes = 1; bytes < 40; ++bytes) {
    EXPECT_EQ(MaxAffordableCount(Bytes(bytes), costs), MaxAffordableCount(Bytes(2 * bytes), twice));
  }
}

}  // namespace
}  // namespace winnow
