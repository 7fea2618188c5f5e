#include "kernels/ops/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

constexpr float kEpsilon = 1e-3f;

// A batch through the operation, cut into blocks of `block` rows.
struct Batch {
  Batch(int64_t rows, int64_t n, int64_t block_rows, double offset = 0)
      : x(rows, n, "x"), dy(rows, n, "dy"), block(block_rows) {
    gamma = RandomVector(n, "gamma");
    beta = RandomVector(n, "beta");
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < n; ++j) x.at(i, j) = static_cast<float>(x.at(i, j) + offset);
    }
    mu.resize(n), r.resize(n), dgamma.resize(n), dbeta.resize(n);
    Run();
  }

  void Run() {
    const int64_t n = x.columns;
    std::vector<int64_t> counts;
    std::vector<float> means, squares;
    const auto each_block = [&](auto&& what) {
      for (int64_t at = 0; at < x.rows; at += block) what(at, std::min(block, x.rows - at));
    };
    each_block([&](int64_t at, int64_t rows) {
      counts.push_back(rows);
      means.resize(means.size() + n);
      squares.resize(squares.size() + n);
      BatchNormMoments(rows, n, &x.at(at, 0), x.ld, &means[means.size() - n],
                       &squares[squares.size() - n]);
    });
    BatchNormMerge(static_cast<int64_t>(counts.size()), n, counts.data(), means.data(),
                   squares.data(), kEpsilon, mu.data(), r.data());
    std::fill(dgamma.begin(), dgamma.end(), 0.0f);
    std::fill(dbeta.begin(), dbeta.end(), 0.0f);
    each_block([&](int64_t at, int64_t rows) {
      BatchNormForward(rows, n, &x.at(at, 0), x.ld, mu.data(), r.data(), gamma.data(), beta.data(),
                       &y.at(at, 0), y.ld);
      std::vector<float> block_beta(n), block_gamma(n);
      BatchNormSums(rows, n, &x.at(at, 0), x.ld, mu.data(), r.data(), &dy.at(at, 0), dy.ld,
                    block_beta.data(), block_gamma.data());
      for (int64_t j = 0; j < n; ++j) dbeta[j] += block_beta[j], dgamma[j] += block_gamma[j];
    });
    each_block([&](int64_t at, int64_t rows) {
      BatchNormBackward(rows, n, x.rows, &x.at(at, 0), x.ld, mu.data(), r.data(), gamma.data(),
                        dbeta.data(), dgamma.data(), &dy.at(at, 0), dy.ld, &dx.at(at, 0), dx.ld);
    });
  }

  Matrix x, dy;
  int64_t block;
  Matrix y = x, dx = x;
  std::vector<float> gamma, beta, mu, r, dgamma, dbeta;
};

std::vector<double> Dense(Matrix& m) {
  std::vector<double> values;
  for (int64_t i = 0; i < m.rows; ++i) {
    for (int64_t j = 0; j < m.columns; ++j) values.push_back(m.at(i, j));
  }
  return values;
}

std::vector<double> Doubles(const std::vector<float>& v) { return {v.begin(), v.end()}; }

// Every sum has at most B terms and every value passes fewer than 16 further roundings, so each
// intermediate is off by gamma_(B+16) times the magnitudes that went into it; the mean's error is
// that of the differences from the block's first row, of size `spread`.
void ExpectNearReference(Batch& b) {
  const int64_t rows = b.x.rows, n = b.x.columns;
  const std::vector<double> x = Dense(b.x), dy = Dense(b.dy), gamma = Doubles(b.gamma);
  std::vector<double> y(x.size()), dx(x.size()), dgamma(n), dbeta(n);
  ref::BatchNormForward(rows, n, x.data(), gamma.data(), Doubles(b.beta).data(), kEpsilon,
                        y.data());
  ref::BatchNormBackward(rows, n, x.data(), gamma.data(), kEpsilon, dy.data(), dx.data(),
                         dgamma.data(), dbeta.data());
  for (int64_t j = 0; j < n; ++j) {
    double spread = 0, size = 0, gradient = 0;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t k = 0; k < rows; k += std::max<int64_t>(1, rows / 8)) {
        spread = std::max(spread, std::fabs(x[i * n + j] - x[k * n + j]));
      }
      gradient += std::fabs(dy[i * n + j]);
    }
    // xhat and the share of its error that comes from the rounded mean (half an ulp of it).
    const double r = b.r[j], half_ulp = std::fabs(b.mu[j]) * 0x1.0p-24;
    size = 2 * spread * r;
    const auto bound = [&](double magnitude) {
      return SumErrorBound(rows + 16, magnitude) + magnitude / std::max(size, 1e-30) * half_ulp * r;
    };
    EXPECT_NEAR(b.dbeta[j], dbeta[j], SumErrorBound(rows, gradient));
    EXPECT_NEAR(b.dgamma[j], dgamma[j], bound(size * gradient) + half_ulp * r * gradient);
    const double mean_gradient = gradient / static_cast<double>(rows);
    for (int64_t i = 0; i < rows; ++i) {
      const double g = std::fabs(gamma[j]);
      EXPECT_NEAR(b.y.at(i, j), y[i * n + j],
                  g * (bound(size) + half_ulp * r) + SumErrorBound(2, std::fabs(b.beta[j])))
          << rows << "x" << n << " at " << i << ", " << j;
      const double terms = std::fabs(dy[i * n + j]) + (1 + 3 * size * size) * mean_gradient;
      EXPECT_NEAR(b.dx.at(i, j), dx[i * n + j],
                  g * r * (bound(terms) + 3 * half_ulp * r * size * mean_gradient))
          << rows << "x" << n << " at " << i << ", " << j;
    }
  }
}

TEST(BatchNormTest, ForwardAndBackwardAgreeWithTheReference) {
  for (const int64_t rows : {2, 7, 64, 200}) {
    for (const int64_t n : {1, 5, 16, 67}) {
      for (const int64_t block : {int64_t{3}, int64_t{64}}) {
        Batch batch(rows, n, block);
        ExpectNearReference(batch);
      }
    }
  }
}

TEST(BatchNormTest, ALargeMeanCostsNoDigitsOfTheVariance) {
  Batch batch(512, 8, 64, 4096.0);
  std::vector<double> x = Dense(batch.x);
  for (int64_t j = 0; j < 8; ++j) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < 512; ++i) mean += x[i * 8 + j] / 512;
    for (int64_t i = 0; i < 512; ++i) variance += std::pow(x[i * 8 + j] - mean, 2) / 512;
    const double expected = 1 / std::sqrt(variance + static_cast<double>(kEpsilon));
    // A sum of squares of the values themselves would be off by 512 u 4096^2, hundreds of per cent.
    EXPECT_NEAR(batch.r[j] / expected, 1, 1e-3);
  }
  ExpectNearReference(batch);
}

TEST(BatchNormTest, AConstantColumnGivesItsBeta) {
  Batch batch(32, 3, 16);
  for (int64_t i = 0; i < 32; ++i) batch.x.at(i, 1) = 7.25f;
  batch.Run();
  for (int64_t i = 0; i < 32; ++i) EXPECT_EQ(batch.y.at(i, 1), batch.beta[1]);
}

TEST(BatchNormTest, ReferenceGradientIsTheFiniteDifference) {
  constexpr int64_t kRows = 6, kColumns = 2;
  Matrix start(kRows, kColumns, "x"), weight(kRows, kColumns, "dy");
  const std::vector<double> x = Dense(start), dy = Dense(weight), gamma = {1.5, -0.5},
                            beta = {0.25, 1};
  const auto loss = [&](const std::vector<double>& at, const std::vector<double>& g) {
    std::vector<double> y(at.size());
    ref::BatchNormForward(kRows, kColumns, at.data(), g.data(), beta.data(), kEpsilon, y.data());
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  std::vector<double> dx(x.size()), dgamma(kColumns), dbeta(kColumns);
  ref::BatchNormBackward(kRows, kColumns, x.data(), gamma.data(), kEpsilon, dy.data(), dx.data(),
                         dgamma.data(), dbeta.data());
  // Central differences of double precision: truncation h^2, rounding u / h, both below 1e-8.
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < x.size(); ++i) {
    std::vector<double> up = x, down = x;
    up[i] += kStep, down[i] -= kStep;
    EXPECT_NEAR((loss(up, gamma) - loss(down, gamma)) / (2 * kStep), dx[i], 1e-7);
  }
  for (int64_t j = 0; j < kColumns; ++j) {
    std::vector<double> up = gamma, down = gamma;
    up[j] += kStep, down[j] -= kStep;
    EXPECT_NEAR((loss(x, up) - loss(x, down)) / (2 * kStep), dgamma[j], 1e-7);
  }
}

}  // namespace
}  // namespace winnow::ops
