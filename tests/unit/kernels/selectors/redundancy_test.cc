// Copies, interactions and nothing at all: what separates picking one after the other from ranking.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/registry.h"
#include "kernels/selectors/univariate_statistics.h"
#include "tests/unit/kernels/selectors/linear_testing.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

constexpr uint64_t kRuns = 6;

// Features 0 to 4 tell of the target, less and less; 5 is a copy of 0, 6 of 2; the rest is noise.
PlantedData MakeCopies(uint64_t seed) {
  PlantedData data = MakePlanted(GateKind::kFeature, seed);
  const std::vector<double> effects = {1.0, 0.85, 0.7, 0.6, 0.5};
  const RngStream stream(seed, "test/copies");
  for (int64_t n = 0; n < data.rows(); ++n) {
    double* x = &data.x[n * data.inputs];
    x[5] = x[0];
    x[6] = x[2];
    double z = 0;
    for (size_t i = 0; i < effects.size(); ++i) z += 3 * effects[i] * x[i];
    data.y[n] = stream.Uniform(n) < 1 / (1 + std::exp(-z)) ? 1.0 : 0.0;
  }
  return data;
}

std::set<int32_t> PicksOf(const PlantedData& data, int64_t k, uint64_t seed,
                          const ParamValues& params) {
  Budget budget;
  budget.max_count = k;
  TestRun run(*FindSelector("sequential_attention"), data,
              {.params = params, .budget = budget, .seed = seed});
  run.RunToEnd();
  const std::vector<int32_t> picks = Candidates(run.selector().picks());
  return {picks.begin(), picks.end()};
}

bool HasOneOfEach(std::set<int32_t> picks) {
  if (picks.erase(5) == 1 && !picks.insert(0).second) return false;
  if (picks.erase(6) == 1 && !picks.insert(2).second) return false;
  return picks == std::set<int32_t>{0, 1, 2, 3, 4};
}

TEST(RedundancyTest, OneOfEveryPairOfCopiesIsPicked) {
  uint64_t right = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    right += HasOneOfEach(PicksOf(MakeCopies(seed), 5, seed, {{"steps_per_pick", int64_t{80}}}));
  }
  EXPECT_EQ(right, kRuns);
}

// The same gates, all picked at once: a feature and its copy have the same gate.
TEST(RedundancyTest, RankingOnceTakesBothCopies) {
  uint64_t both = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const std::set<int32_t> picks = PicksOf(
        MakeCopies(seed), 5, seed,
        {{"steps_per_pick", int64_t{80}}, {"picks_per_round", int64_t{5}}, {"warmup", 0.3}});
    both += (picks.count(0) == 1 && picks.count(5) == 1) ||
            (picks.count(2) == 1 && picks.count(6) == 1);
  }
  EXPECT_GE(both, kRuns - 1);
}

// A column that is a selected one but for a thousandth of noise has next to nothing to add.
TEST(RedundancyTest, AMatchingPursuitPassesOverANearCopy) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    LinearProblem problem = MakeProblem(false, seed);
    const RngStream stream(seed, "test/near");
    for (int32_t n = 0; n < kRows; ++n) {
      problem.x[7][n] = problem.x[2][n] + 1e-3 * stream.Normal(n);
    }
    const std::vector<int32_t> order = Pursue(problem, false).order;
    EXPECT_LE(std::count(order.begin(), order.end(), 2) + std::count(order.begin(), order.end(), 7),
              1)
        << seed;
  }
}

std::vector<float> Statistics(const PlantedData& data, const std::string& statistic) {
  TestRun run(*FindSelector("univariate"), data, {.params = {{"statistic", statistic}}});
  run.RunToEnd();
  return {run.selector().scores().begin(), run.selector().scores().end()};
}

// Of 20 features the two of XOR stand anywhere: on average in the middle.
TEST(RedundancyTest, NoStatisticOfSingleColumnsSeesXor) {
  for (const char* statistic : {"f", "mutual_information"}) {
    double places = 0;
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= kRuns; ++seed) {
      const std::vector<float> scores = Statistics(MakeXor(20, 4000, seed), statistic);
      uint64_t first_two = 0;
      for (const int32_t c : {0, 1}) {
        const auto above =
            std::count_if(scores.begin(), scores.end(), [&](float s) { return s > scores[c]; });
        places += static_cast<double>(above);
        first_two += above < 2 ? 1 : 0;
        if (statistic == std::string("f")) {
          EXPECT_LT(scores[c], 12) << "p = .0005";
        }
      }
      found += first_two == 2 ? 1 : 0;
    }
    EXPECT_LE(found, 1u) << statistic;
    // Mean 9.5, standard deviation 5.8 / sqrt(12).
    EXPECT_NEAR(places / (2 * kRuns), 9.5, 5.0) << statistic;
  }
}

// n r^2, F and 2 n I of a column of two values that tells nothing are about chi-square of one
// degree of freedom: 12 is exceeded once in two thousand. The product of the two columns tells all.
TEST(RedundancyTest, ColumnsOfXorAreAtNoiseLevelAndTheirProductIsNot) {
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const PlantedData data = MakeXor(20, 4000, seed);
    const auto n = static_cast<double>(data.rows());
    TargetSample target{2, {data.y.begin(), data.y.end()}};
    std::vector<InputColumn> columns(3);  // x0, x1, x0 x1
    for (int64_t i = 0; i < data.rows(); ++i) {
      const double* x = &data.x[i * data.inputs];
      for (int c = 0; c < 3; ++c) {
        columns[c].values.push_back(static_cast<float>(c < 2 ? x[c] : x[0] * x[1]));
      }
    }
    for (int c = 0; c < 3; ++c) {
      double r = 0;  // means are about 0, squares 1
      for (int64_t i = 0; i < data.rows(); ++i) r += columns[c].values[i] * (2 * data.y[i] - 1) / n;
      const double information = MutualInformation(columns[c], target, 16);
      if (c < 2) {
        EXPECT_LT(n * r * r, 12) << seed;
        EXPECT_LT(FStatistic(columns[c], target), 12) << seed;
        EXPECT_LT(2 * n * information, 12) << seed;
      } else {
        EXPECT_NEAR(r, 1, 1e-9);
        EXPECT_GT(FStatistic(columns[c], target), 1e3);
        EXPECT_NEAR(information, std::log(2.0), 1e-2);
      }
    }
  }
}

// On a linear model the pursuit, and with it the first column that a LASSO lets in, misses it.
TEST(RedundancyTest, ALinearPursuitMissesXor) {
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const PlantedData data = MakeXor(20, 4000, seed);
    LinearProblem problem;
    problem.x.assign(20, Column(data.y.size()));
    for (size_t n = 0; n < data.y.size(); ++n) {
      problem.y.push_back(2 * data.y[n] - 1);
      for (size_t i = 0; i < problem.x.size(); ++i) problem.x[i][n] = data.x[n * 20 + i];
    }
    const std::vector<int32_t> order = Pursue(problem, false).order;
    EXPECT_NE(Sorted({order[0], order[1]}), data.truth) << seed;
  }
}

// Labels that nothing tells of: every feature is picked equally often. Chi-square of 9 degrees of
// freedom: 27.9 is exceeded once in a thousand.
TEST(RedundancyTest, ShuffledLabelsArePickedEvenly) {
  constexpr uint64_t kSeedsOfNull = 80;
  constexpr int64_t kPicksOfNull = 3;
  std::map<int32_t, double> counts;
  for (uint64_t seed = 1; seed <= kSeedsOfNull; ++seed) {
    PlantedData data = MakePlanted(GateKind::kFeature, seed);
    const auto order =
        RngStream(seed, "test/shuffle").Permutation(static_cast<uint32_t>(data.rows()));
    const std::vector<double> y = data.y;
    for (size_t n = 0; n < y.size(); ++n) data.y[n] = y[order[n]];
    for (const int32_t pick : PicksOf(data, kPicksOfNull, seed, {})) ++counts[pick];
  }
  const double expected = kSeedsOfNull * kPicksOfNull / 10.0;
  double chi_square = 0;
  for (int32_t c = 0; c < 10; ++c) {
    chi_square += (counts[c] - expected) * (counts[c] - expected) / expected;
  }
  EXPECT_LT(chi_square, 27.9);
}

}  // namespace
}  // namespace winnow::selectors
