#include "kernels/ops/loss.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

// The central difference of f at z with step h is off by h^2 f'''/6 + u |f| / h; at h = 1e-5 and
// values of order 1 that is below 1e-9.
constexpr double kStep = 1e-5;
constexpr double kDifferenceError = 1e-8;

// Single-precision loss of one row against the double one: exp, log and a few operations, each
// within 2 ulp of values up to the logit's size.
double FloatError(double logit, double loss) {
  return 16 * 0x1.0p-24 * (1 + std::fabs(logit) + std::fabs(loss));
}

TEST(LossReferenceTest, GradientsAreFiniteDifferences) {
  for (const double z : {-9.0, -1.0, -0.1, 0.0, 0.3, 2.0, 12.0}) {
    for (const double y : {0.0, 1.0}) {
      double dz = 0, unused = 0;
      ref::LogisticLoss(z, y, &dz);
      EXPECT_NEAR(
          dz,
          (ref::LogisticLoss(z + kStep, y, &unused) - ref::LogisticLoss(z - kStep, y, &unused)) /
              (2 * kStep),
          kDifferenceError);
      ref::SquaredLoss(z, y, &dz);
      EXPECT_NEAR(
          dz,
          (ref::SquaredLoss(z + kStep, y, nullptr) - ref::SquaredLoss(z - kStep, y, nullptr)) /
              (2 * kStep),
          kDifferenceError);
    }
  }
}

TEST(LossReferenceTest, SoftmaxGradientIsAFiniteDifferenceAndSumsToZero) {
  std::vector<double> z = {0.5, -1.0, 2.0, 0.0, 1.5};
  for (int64_t y = 0; y < 5; ++y) {
    std::vector<double> dz(5);
    ref::SoftmaxLoss(5, z.data(), y, dz.data());
    double sum = 0;
    for (int64_t c = 0; c < 5; ++c) {
      std::vector<double> up = z, down = z;
      up[c] += kStep;
      down[c] -= kStep;
      const double difference = (ref::SoftmaxLoss(5, up.data(), y, nullptr) -
                                 ref::SoftmaxLoss(5, down.data(), y, nullptr)) /
                                (2 * kStep);
      EXPECT_NEAR(dz[c], difference, kDifferenceError);
      sum += dz[c];
    }
    EXPECT_NEAR(sum, 0, 1e-15);
  }
}

class LossTest : public ::testing::TestWithParam<int64_t> {};  // rows

TEST_P(LossTest, LogisticMatchesReference) {
  const int64_t rows = GetParam();
  Matrix z(rows, 1, "z");
  std::vector<float> y(rows), w(rows), dz(rows * z.ld);
  double expected = 0, bound = 0;
  for (int64_t i = 0; i < rows; ++i) {
    z.at(i, 0) *= 8;
    y[i] = static_cast<float>(i % 2);
    w[i] = 0.5f + static_cast<float>(i % 3);
  }
  const double total = LogisticLoss(rows, z.data(), z.ld, y.data(), w.data(), 0.25f, dz.data());
  for (int64_t i = 0; i < rows; ++i) {
    double gradient = 0;
    const double loss = ref::LogisticLoss(z.at(i, 0), y[i], &gradient);
    expected += w[i] * loss;
    bound += w[i] * FloatError(z.at(i, 0), loss);
    EXPECT_NEAR(dz[i * z.ld], 0.25 * w[i] * gradient, 0.25 * w[i] * FloatError(0, 0));
  }
  EXPECT_NEAR(total, expected, bound);
}

TEST_P(LossTest, SoftmaxMatchesReference) {
  const int64_t rows = GetParam();
  for (const int64_t classes : {2, 3, 10, 67}) {
    Matrix z(rows, classes, "z");
    std::vector<float> y(rows), w(rows), dz(rows * z.ld);
    for (int64_t i = 0; i < rows; ++i) {
      y[i] = static_cast<float>((i * 7) % classes);
      w[i] = 0.5f + static_cast<float>(i % 3);
    }
    const double total =
        SoftmaxLoss(rows, classes, z.data(), z.ld, y.data(), w.data(), 0.5f, dz.data());
    double expected = 0, bound = 0;
    for (int64_t i = 0; i < rows; ++i) {
      std::vector<double> logits(classes), gradient(classes);
      for (int64_t c = 0; c < classes; ++c) logits[c] = z.at(i, c);
      const double loss =
          ref::SoftmaxLoss(classes, logits.data(), static_cast<int64_t>(y[i]), gradient.data());
      // The sum over classes adds one rounding a class.
      const double error = FloatError(8, loss) + static_cast<double>(classes) * 0x1.0p-24;
      expected += w[i] * loss;
      bound += w[i] * error;
      for (int64_t c = 0; c < classes; ++c) {
        EXPECT_NEAR(dz[i * z.ld + c], 0.5 * w[i] * gradient[c], 0.5 * w[i] * error);
      }
    }
    EXPECT_NEAR(total, expected, bound);
  }
}

TEST_P(LossTest, SquaredMatchesReference) {
  const int64_t rows = GetParam();
  Matrix z(rows, 1, "z");
  const std::vector<float> y = RandomVector(rows, "y");
  std::vector<float> dz(rows * z.ld);
  const double total = SquaredLoss(rows, z.data(), z.ld, y.data(), nullptr, 1.0f, dz.data());
  double expected = 0;
  for (int64_t i = 0; i < rows; ++i) {
    double gradient = 0;
    expected += ref::SquaredLoss(z.at(i, 0), y[i], &gradient);
    EXPECT_NEAR(dz[i * z.ld], gradient, 4 * 0x1.0p-24 * std::fabs(gradient));
  }
  EXPECT_NEAR(total, expected, 4 * 0x1.0p-24 * expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, LossTest, ::testing::Values(1, 7, 67, 100));

TEST(LossTest, ExtremeLogitsStayFinite) {
  const std::vector<float> z = {1e4f, -1e4f, 1e30f, -1e30f};
  const std::vector<float> y = {0, 1, 0, 1};
  std::vector<float> dz(4);
  EXPECT_TRUE(std::isfinite(LogisticLoss(4, z.data(), 1, y.data(), nullptr, 1.0f, dz.data())));
  EXPECT_EQ(dz, (std::vector<float>{1, -1, 1, -1}));
  std::vector<float> rows = {1e30f, -1e30f, 0};
  const float target = 1;
  EXPECT_TRUE(std::isfinite(SoftmaxLoss(1, 3, rows.data(), 3, &target, nullptr, 1, dz.data())));
  EXPECT_EQ(dz[0], 1.0f);
  EXPECT_EQ(dz[1], -1.0f);
}

TEST(LossTest, LossAloneIsTheSameNumber) {
  Matrix z(33, 10, "z");
  std::vector<float> y(33), dz(33 * z.ld);
  for (int64_t i = 0; i < 33; ++i) y[i] = static_cast<float>(i % 10);
  EXPECT_EQ(SoftmaxLoss(33, 10, z.data(), z.ld, y.data(), nullptr, 1, dz.data()),
            SoftmaxLoss(33, 10, z.data(), z.ld, y.data(), nullptr, 1, nullptr));
}

}  // namespace
}  // namespace winnow::ops
