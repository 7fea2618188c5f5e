#include "kernels/ops/activation.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

constexpr int64_t kWidths[] = {1, 7, 16, 67, 100, 130};

TEST(ActivationTest, BiasAndReluEqualReferenceBitForBit) {
  for (const int64_t rows : {1, 7, 33}) {
    for (const int64_t n : kWidths) {
      Matrix z(rows, n, "z");
      Matrix expected = z;
      const std::vector<float> bias = RandomVector(n, "bias");
      AddBiasRelu(rows, n, bias.data(), z.data(), z.ld);
      ref::AddBiasRelu(rows, n, bias.data(), expected.data(), expected.ld);
      EXPECT_EQ(z.values, expected.values) << rows << "x" << n;
    }
  }
}

TEST(ActivationTest, BackwardEqualsReferenceBitForBit) {
  for (const int64_t rows : {1, 7, 33}) {
    for (const int64_t n : kWidths) {
      Matrix h(rows, n, "h"), dh(rows, n, "dh");
      Matrix expected = dh;
      ReluBackward(rows, n, h.data(), 1.25f, dh.data(), dh.ld);
      ref::ReluBackward(rows, n, h.data(), 1.25f, expected.data(), expected.ld);
      EXPECT_EQ(dh.values, expected.values) << rows << "x" << n;
    }
  }
}

TEST(ActivationTest, BiasGradientIsTheSumOverRows) {
  for (const int64_t rows : {1, 7, 512}) {
    for (const int64_t n : kWidths) {
      Matrix dz(rows, n, "dz");
      std::vector<float> db(n);
      std::vector<double> expected(n);
      BiasGradient(rows, n, dz.data(), dz.ld, db.data());
      ref::BiasGradient(rows, n, dz.data(), dz.ld, expected.data());
      for (int64_t j = 0; j < n; ++j) {
        double magnitude = 0;
        for (int64_t i = 0; i < rows; ++i) magnitude += std::fabs(dz.at(i, j));
        EXPECT_NEAR(db[j], expected[j], SumErrorBound(rows, magnitude));
      }
    }
  }
}

TEST(ActivationTest, ZeroAndBelowGiveZeroAndNanStays) {
  std::vector<float> z = {-1.0f, 0.0f, -0.0f, 2.0f, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<float> bias(z.size(), 0.0f);
  AddBiasRelu(1, 5, bias.data(), z.data(), 5);
  EXPECT_EQ(z[0], 0.0f);
  EXPECT_EQ(z[1], 0.0f);
  EXPECT_EQ(z[2], 0.0f);
  EXPECT_FALSE(std::signbit(z[2]));
  EXPECT_EQ(z[3], 2.0f);
  EXPECT_TRUE(std::isnan(z[4]));
}

TEST(ActivationTest, AddBiasAddsToEveryRow) {
  Matrix z(9, 21, "z");
  Matrix before = z;
  const std::vector<float> bias = RandomVector(21, "bias");
  AddBias(9, 21, bias.data(), z.data(), z.ld);
  for (int64_t i = 0; i < 9; ++i) {
    for (int64_t j = 0; j < 21; ++j) EXPECT_EQ(z.at(i, j), before.at(i, j) + bias[j]);
  }
}

}  // namespace
}  // namespace winnow::ops
