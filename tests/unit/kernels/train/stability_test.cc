#include "kernels/train/stability.h"

#include <algorithm>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::train {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Optional;
using Sets = std::vector<std::vector<int32_t>>;

TEST(StabilityTest, KnownPair) {
  // r = 2, k = 3, d = 10: (2 * 10 - 9) / (3 * 7) = 11 / 21; union 4.
  const Stability s = MeasureStability(Sets{{0, 1, 2}, {1, 2, 7}}, 10);
  EXPECT_THAT(s.kuncheva, Optional(DoubleNear(11.0 / 21.0, 1e-12)));
  EXPECT_THAT(s.jaccard, Optional(DoubleNear(0.5, 1e-12)));
  EXPECT_THAT(s.times, ElementsAre(1, 2, 2, 0, 0, 0, 0, 1, 0, 0));
}

// The pairwise definition, for sets of one size.
double MeanPairwiseKuncheva(const Sets& sets, int d) {
  double sum = 0, pairs = 0;
  for (size_t a = 0; a < sets.size(); ++a) {
    for (size_t b = a + 1; b < sets.size(); ++b) {
      double r = 0;
      for (const int32_t x : sets[a]) r += std::count(sets[b].begin(), sets[b].end(), x);
      const double k = static_cast<double>(sets[a].size());
      sum += (r * d - k * k) / (k * (d - k));
      pairs += 1;
    }
  }
  return sum / pairs;
}

TEST(StabilityTest, EqualsTheMeanOverPairsForSetsOfOneSize) {
  const RngStream draw(3, "sets");
  uint64_t n = 0;
  for (const int d : {5, 12, 40}) {
    for (const int k : {1, 3, 4}) {
      Sets sets;
      for (int m = 0; m < 6; ++m) {
        std::vector<int32_t> all(d);
        for (int f = 0; f < d; ++f) all[f] = f;
        for (int f = 0; f < k; ++f) std::swap(all[f], all[f + draw.Below(n++, d - f)]);
        sets.emplace_back(all.begin(), all.begin() + k);
      }
      EXPECT_THAT(MeasureStability(sets, d).kuncheva,
                  Optional(DoubleNear(MeanPairwiseKuncheva(sets, d), 1e-12)));
    }
  }
}

TEST(StabilityTest, ExtremesAndConstantCases) {
  EXPECT_THAT(MeasureStability(Sets{{3, 1}, {1, 3}, {3, 1}}, 6).kuncheva, Optional(1.0));
  EXPECT_THAT(MeasureStability(Sets{{3, 1}, {1, 3}}, 6).jaccard, Optional(1.0));
  // Disjoint sets of half the candidates are as unlike as sets can be.
  EXPECT_THAT(MeasureStability(Sets{{0, 1}, {2, 3}}, 4).kuncheva, Optional(-1.0));
  EXPECT_THAT(MeasureStability(Sets{{0, 1}, {2, 3}}, 4).jaccard, Optional(0.0));
  const Stability everything = MeasureStability(Sets{{0, 1, 2}, {2, 1, 0}}, 3);
  EXPECT_THAT(everything.kuncheva, Optional(1.0));
  EXPECT_THAT(everything.jaccard, Optional(1.0));
  const Stability nothing = MeasureStability(Sets{{}, {}}, 3);
  EXPECT_THAT(nothing.kuncheva, Optional(1.0));
  EXPECT_THAT(nothing.jaccard, Optional(1.0));
}

TEST(StabilityTest, OneSetHasFrequenciesAlone) {
  const Stability s = MeasureStability(Sets{{0, 2}}, 3);
  EXPECT_THAT(s.times, ElementsAre(1, 0, 1));
  EXPECT_FALSE(s.jaccard.has_value());
  EXPECT_FALSE(s.kuncheva.has_value());
}

}  // namespace
}  // namespace winnow::train
