#include "kernels/ops/interaction.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

struct Shape {
  int64_t rows, n, d;
};

// Vectors N(0, 1) with what stands between d and stride filled with large numbers.
struct Vectors {
  explicit Vectors(const Shape& s)
      : stride(RoundUpToLanes(s.d)),
        ld(s.n * stride + kLanes),
        values(static_cast<size_t>(s.rows * ld), 1e6f) {
    const std::vector<float> random = RandomVector(s.rows * s.n * s.d, "v");
    size_t next = 0;
    for (int64_t row = 0; row < s.rows; ++row) {
      for (int64_t f = 0; f < s.n; ++f) {
        for (int64_t k = 0; k < s.d; ++k) at(row, f, k) = random[next++];
      }
    }
  }
  float& at(int64_t row, int64_t f, int64_t k) { return values[row * ld + f * stride + k]; }

  int64_t stride, ld;
  std::vector<float> values;
};

class InteractionTest : public ::testing::TestWithParam<Shape> {};

TEST_P(InteractionTest, ForwardMatchesTheReference) {
  const Shape s = GetParam();
  Vectors v(s);
  const int64_t pairs = PairCount(s.n);
  Matrix p(s.rows, pairs, "p");
  const std::vector<float> untouched = p.values;
  std::vector<double> want(s.rows * pairs);
  InteractionForward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, p.data(), p.ld);
  ref::InteractionForward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, want.data());
  // |v| < 5.5 for every draw; a product is below 31.
  const double bound = SumErrorBound(s.d + 1, 31.0 * s.d);
  for (int64_t row = 0; row < s.rows; ++row) {
    for (int64_t j = 0; j < pairs; ++j) {
      EXPECT_NEAR(p.at(row, j), want[row * pairs + j], bound) << row << " " << j;
    }
    for (int64_t j = pairs; j < p.ld; ++j) EXPECT_EQ(p.at(row, j), untouched[row * p.ld + j]);
  }
}

TEST_P(InteractionTest, BackwardMatchesTheReferenceAndAddsTheDirectGradient) {
  const Shape s = GetParam();
  Vectors v(s), dv(s);
  const int64_t pairs = PairCount(s.n);
  Matrix dp(s.rows, s.d + pairs, "dp");  // [direct, products]
  std::vector<double> want(s.rows * s.n * s.d);
  ref::InteractionBackward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, dp.data() + s.d,
                           dp.ld, want.data());
  const double bound = SumErrorBound(s.n + 1, 31.0 * s.n);
  for (const bool direct : {false, true}) {
    InteractionBackward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, dp.data() + s.d,
                        direct ? dp.data() : nullptr, dp.ld, dv.values.data());
    for (int64_t row = 0; row < s.rows; ++row) {
      for (int64_t f = 0; f < s.n; ++f) {
        for (int64_t k = 0; k < s.d; ++k) {
          const double extra = direct && f == 0 ? dp.at(row, k) : 0.0f;
          EXPECT_NEAR(dv.at(row, f, k), want[(row * s.n + f) * s.d + k] + extra, bound);
        }
      }
    }
  }
}

// Rows one by one give the bytes of all rows at once.
TEST_P(InteractionTest, RowsDoNotDependOnTheirBlock) {
  const Shape s = GetParam();
  Vectors v(s), whole(s), alone(s);
  Matrix p(s.rows, PairCount(s.n), "p"), q(s.rows, PairCount(s.n), "p");
  InteractionForward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, p.data(), p.ld);
  InteractionBackward(s.rows, s.n, s.d, v.values.data(), v.ld, v.stride, p.data(), nullptr, p.ld,
                      whole.values.data());
  for (int64_t row = 0; row < s.rows; ++row) {
    InteractionForward(1, s.n, s.d, v.values.data() + row * v.ld, v.ld, v.stride,
                       q.data() + row * q.ld, q.ld);
    InteractionBackward(1, s.n, s.d, v.values.data() + row * v.ld, v.ld, v.stride,
                        q.data() + row * q.ld, nullptr, q.ld, alone.values.data() + row * v.ld);
  }
  EXPECT_EQ(p.values, q.values);
  for (int64_t row = 0; row < s.rows; ++row) {
    for (int64_t f = 0; f < s.n; ++f) {
      for (int64_t k = 0; k < s.d; ++k) EXPECT_EQ(whole.at(row, f, k), alone.at(row, f, k));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, InteractionTest,
                         ::testing::Values(Shape{5, 27, 16}, Shape{3, 2, 1}, Shape{2, 1, 4},
                                           Shape{3, 17, 7}, Shape{2, 33, 16}, Shape{2, 34, 19},
                                           Shape{2, 80, 40}),
                         [](const auto& info) {
                           return "n" + std::to_string(info.param.n) + "d" +
                                  std::to_string(info.param.d);
                         });

// The slopes of L = sum c_ij p_ij are what backward gives for dp = c.
TEST(InteractionGradientTest, BackwardIsTheSlopeOfForward) {
  const Shape s = {1, 5, 3};
  Vectors v(s), dv(s);
  const int64_t pairs = PairCount(s.n);
  const std::vector<float> c = RandomVector(pairs, "c");
  const auto loss = [&] {
    std::vector<double> p(pairs);
    ref::InteractionForward(1, s.n, s.d, v.values.data(), v.ld, v.stride, p.data());
    double sum = 0;
    for (int64_t j = 0; j < pairs; ++j) sum += c[j] * p[j];
    return sum;
  };
  InteractionBackward(1, s.n, s.d, v.values.data(), v.ld, v.stride, c.data(), nullptr, pairs,
                      dv.values.data());
  for (int64_t f = 0; f < s.n; ++f) {
    for (int64_t k = 0; k < s.d; ++k) {
      // L is linear in every single value: the difference is exact but for rounding of the step.
      const float kept = v.at(0, f, k);
      v.at(0, f, k) = kept + 0.5f;
      const double up = loss();
      v.at(0, f, k) = kept - 0.5f;
      const double down = loss();
      v.at(0, f, k) = kept;
      EXPECT_NEAR(dv.at(0, f, k), up - down, 1e-5) << f << " " << k;
    }
  }
}

}  // namespace
}  // namespace winnow::ops
