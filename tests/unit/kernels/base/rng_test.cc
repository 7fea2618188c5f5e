#include "kernels/base/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;

// Known answers of Philox4x32-10 (file kat_vectors of the authors' Random123 library). There the
// counter has four words: here the low two are the counter, the high two the stream.
TEST(PhiloxTest, KnownAnswersOfTheAuthors) {
  EXPECT_THAT(Philox(0, 0, 0), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  const uint64_t ones = ~uint64_t{0};
  EXPECT_THAT(Philox(ones, ones, ones),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(Philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RngStreamTest, DependsOnSeedNameAndIndexOnly) {
  const RngStream a(1, "init/select"), again(1, "init/select");
  EXPECT_EQ(a.Bits(5), again.Bits(5));
  EXPECT_NE(a.Bits(5), a.Bits(6));
  EXPECT_NE(a.Bits(5), RngStream(2, "init/select").Bits(5));
  EXPECT_NE(a.Bits(5), RngStream(1, "init/retrain").Bits(5));
}

TEST(RngStreamTest, UniformIsInTheHalfOpenUnitIntervalWithTheRightMoments) {
  const RngStream stream(3, "test/uniform");
  constexpr int kN = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kN; ++i) {
    const double u = stream.Uniform(i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  // Four standard errors: sqrt(1/12 / n) and sqrt(4/45 / n).
  EXPECT_NEAR(sum / kN, 1.0 / 2, 4 * std::sqrt(1.0 / 12 / kN));
  EXPECT_NEAR(squares / kN, 1.0 / 3, 4 * std::sqrt(4.0 / 45 / kN));
}

TEST(RngStreamTest, NormalHasTheMomentsOfTheNormal) {
  const RngStream stream(3, "test/normal");
  constexpr int kN = 100000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kN; ++i) {
    const double z = stream.Normal(i);
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
  }
  // Four standard errors: variances of z, z^2, z^4 are 1, 2, 96.
  EXPECT_NEAR(sum / kN, 0, 4 * std::sqrt(1.0 / kN));
  EXPECT_NEAR(squares / kN, 1, 4 * std::sqrt(2.0 / kN));
  EXPECT_NEAR(fourth / kN, 3, 4 * std::sqrt(96.0 / kN));
}

TEST(RngStreamTest, BelowReachesEveryValueAboutEquallyOften) {
  const RngStream stream(9, "test/below");
  std::vector<int> times(7, 0);
  for (int i = 0; i < 7000; ++i) {
    const uint64_t value = stream.Below(i, 7);
    ASSERT_LT(value, 7u);
    ++times[value];
  }
  double chi_square = 0;
  for (int n : times) chi_square += (n - 1000.0) * (n - 1000.0) / 1000.0;
  EXPECT_LT(chi_square, 22.5);  // 6 degrees of freedom, probability .999
  EXPECT_EQ(stream.Below(0, 1), 0u);
}

TEST(RngStreamTest, PermutationHoldsEveryIndexOnceAndMovesWithItsBase) {
  const RngStream stream(4, "test/permutation");
  const auto order = stream.Permutation(1000);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(sorted[i], i);
  EXPECT_NE(order, stream.Permutation(1000, 1000));
  EXPECT_EQ(order, stream.Permutation(1000));
  EXPECT_TRUE(stream.Permutation(0).empty());
}

TEST(RngStreamTest, PermutationsOfThreeAreUniform) {
  const RngStream stream(4, "test/small");
  std::vector<int> times(9, 0);  // by the first two entries
  for (uint64_t i = 0; i < 6000; ++i) {
    const auto order = stream.Permutation(3, 3 * i);
    ++times[order[0] * 3 + order[1]];
  }
  double chi_square = 0;
  for (int n : times) {
    if (n > 0) chi_square += (n - 1000.0) * (n - 1000.0) / 1000.0;
  }
  EXPECT_EQ(std::count(times.begin(), times.end(), 0), 3);  // no entry twice
  EXPECT_LT(chi_square, 20.5);                              // 5 degrees of freedom, .999
}

}  // namespace
}  // namespace winnow
