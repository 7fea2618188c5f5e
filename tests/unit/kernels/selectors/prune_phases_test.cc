#include "kernels/selectors/prune_phases.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::selectors {
namespace {

// Values of the paper's schedule for sparsity .9 and c = 4.
TEST(ExponentialCurveTest, TableOfThePaper) {
  const std::vector<std::pair<double, double>> table = {
      {0, 0}, {.1, .3022}, {.25, .5795}, {.5, .7927}, {.75, .8711}, {.9, .8917}, {1, .9}};
  for (const auto& [t, sparsity] : table) {
    EXPECT_NEAR(0.9 * ExponentialCurve(t, 4.0), sparsity, 5e-5) << t;
  }
}

TEST(CubicCurveTest, ValuesByHand) {
  EXPECT_EQ(CubicCurve(0), 0);
  EXPECT_DOUBLE_EQ(CubicCurve(0.5), 0.875);
  EXPECT_EQ(CubicCurve(1), 1);
}

TEST(CurveTest, RiseFromZeroToOne) {
  double cubic = -1, exponential = -1;
  for (int i = 0; i <= 1000; ++i) {
    EXPECT_GT(CubicCurve(i / 1000.0), cubic - 1e-15);
    EXPECT_GT(ExponentialCurve(i / 1000.0, 4.0), exponential);
    cubic = CubicCurve(i / 1000.0);
    exponential = ExponentialCurve(i / 1000.0, 4.0);
  }
  EXPECT_EQ(cubic, 1);
  EXPECT_EQ(exponential, 1);
}

TEST(MakePhasesTest, PartitionsAnyNumberOfSteps) {
  const std::vector<PruneShare> shares = {{"dense", PruneKind::kDense, 0.1},
                                          {"pruning", PruneKind::kSparsify, 0.6},
                                          {"sparse", PruneKind::kSparse, 0.3}};
  for (int64_t steps = 1; steps < 300; ++steps) {
    const auto phases = MakePhases(shares, steps);
    ASSERT_FALSE(phases.empty());
    EXPECT_EQ(phases.back().end, steps);
    for (size_t i = 0; i < phases.size(); ++i) {
      EXPECT_LT(phases[i].begin, phases[i].end);
      EXPECT_EQ(phases[i].begin, i > 0 ? phases[i - 1].end : 0);
    }
  }
}

TEST(MakePhasesTest, SharesOfDecimalsGiveTheirStepsDespiteRounding) {
  // 0.1 + 0.6 is below 0.7 in binary; 70 of 100 steps all the same.
  const auto phases = MakePhases({{"a", PruneKind::kDense, 0.1},
                                  {"b", PruneKind::kSparsify, 0.6},
                                  {"c", PruneKind::kSparse, 0.3}},
                                 100);
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[0].end, 10);
  EXPECT_EQ(phases[1].end, 70);
}

TEST(MakePhasesTest, SharesWithoutAStepAreLeftOut) {
  const auto phases =
      MakePhases({{"a", PruneKind::kDense, 0.1}, {"b", PruneKind::kSparse, 0.9}}, 5);
  ASSERT_EQ(phases.size(), 1u);
  EXPECT_EQ(phases[0].name, "b");
}

}  // namespace
}  // namespace winnow::selectors
