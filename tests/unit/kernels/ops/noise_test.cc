#include "kernels/ops/noise.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::ops {
namespace {

constexpr int64_t kDraws = 1 << 18;

TEST(NoiseTest, GaussianEqualsReference) {
  const RngStream stream(9, "test/noise");
  for (const int64_t n : {1, 7, 8, 67, 5000}) {
    std::vector<float> x(n, 1.0f);
    AddGaussianNoise(stream, 16, n, 0.25f, x.data());
    for (int64_t j = 0; j < n; ++j) {
      // Knots and slopes are rounded to float once, and so are product and sum: values below 4.
      EXPECT_NEAR(x[j], 1.0 + 0.25 * ref::Gaussian(stream, 16 + j), 8 * 0x1.0p-24 * 4);
    }
  }
}

// Standard errors over n draws: mean 1/sqrt(n), variance sqrt(2/n), fourth moment sqrt(96/n).
TEST(NoiseTest, GaussianHasTheMomentsOfTheNormalDistribution) {
  std::vector<float> x(kDraws, 0.0f);
  AddGaussianNoise(RngStream(1, "test/moments"), 0, kDraws, 1.0f, x.data());
  double mean = 0, square = 0, fourth = 0, largest = 0;
  for (const double value : x) {
    mean += value / kDraws;
    square += value * value / kDraws;
    fourth += value * value * value * value / kDraws;
    largest = std::fmax(largest, std::fabs(value));
  }
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth, 3, 4 * std::sqrt(96.0 / kDraws));
  EXPECT_LT(largest, 4);
  EXPECT_GT(largest, 3.5);
}

TEST(NoiseTest, DrawsDependOnTheirIndexAlone) {
  const RngStream stream(9, "test/noise");
  std::vector<float> whole(64, 0.0f), pieces(64, 0.0f);
  AddGaussianNoise(stream, 800, 64, 1.0f, whole.data());
  for (int64_t begin = 56; begin >= 0; begin -= 8) {
    AddGaussianNoise(stream, 800 + begin, 8, 1.0f, pieces.data() + begin);
  }
  EXPECT_EQ(whole, pieces);
}

// Random blocks are numbered with 64 bits: across 2^32 too.
TEST(NoiseTest, DrawsGoOnWhereTheNumberOfABlockOutgrowsAWord) {
  const RngStream stream(0xFEDCBA9876543210ull, "test/dropout");
  const uint64_t first = ((uint64_t{1} << 32) - 3) * 8;
  std::vector<float> h(100, 1.0f);
  Dropout(stream, first, 100, 0.5f, h.data());
  for (int64_t j = 0; j < 100; ++j) {
    EXPECT_EQ(h[j], ref::IsDropped(stream, first + j, 0.5f) ? 0.0f : 2.0f) << j;
  }
}

TEST(NoiseTest, DropoutDropsWhatTheReferenceDropsAndScalesTheRest) {
  const RngStream stream(9, "test/dropout");
  std::vector<float> h(1000, 2.0f);
  Dropout(stream, 24, 1000, 0.2f, h.data());
  for (int64_t j = 0; j < 1000; ++j) {
    EXPECT_EQ(h[j], ref::IsDropped(stream, 24 + j, 0.2f) ? 0.0f : 2.0f * (1.0f / 0.8f));
  }
}

TEST(NoiseTest, DropoutKeepsTheShareItIsToldTo) {
  for (const double p : {0.0, 0.1, 0.5, 0.9}) {
    std::vector<float> h(kDraws, 1.0f);
    Dropout(RngStream(2, "test/share"), 0, kDraws, static_cast<float>(p), h.data());
    double dropped = 0;
    for (const float value : h) dropped += value == 0.0f ? 1 : 0;
    EXPECT_NEAR(dropped / kDraws, p, 4 * std::sqrt(p * (1 - p) / kDraws)) << p;
  }
}

}  // namespace
}  // namespace winnow::ops
