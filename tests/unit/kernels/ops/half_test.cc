#include "kernels/ops/half.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/ops/dense_ref.h"
#include "kernels/ops/half_product.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

TEST(HalfTest, RoundsToNearestTiesToEven) {
  EXPECT_EQ(ToHalf(1.0f), 0x3F80);
  EXPECT_EQ(ToHalf(1.0f + 0x1p-8f), 0x3F80);            // half way, down to even
  EXPECT_EQ(ToHalf(1.0f + 0x1p-7f + 0x1p-8f), 0x3F82);  // half way, up to even
  EXPECT_EQ(ToHalf(1.0f + 0x1p-8f + 0x1p-20f), 0x3F81);
  EXPECT_EQ(ToHalf(-2.5f), 0xC020);
  EXPECT_EQ(ToHalf(std::numeric_limits<float>::infinity()), 0x7F80);
  EXPECT_EQ(ToHalf(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(ToFloat(ToHalf(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(HalfTest, BothLayoutsHoldTheSameNumbers) {
  Matrix x(7, 21, "x");
  const int64_t ld = 32;
  std::vector<Half> half(7 * ld, 0x7FFF), pairs(8 * ld, 0x7FFF);
  RoundRows(7, 21, x.data(), x.ld, half.data(), pairs.data(), ld);
  for (int64_t i = 0; i < 8; ++i) {
    for (int64_t j = 0; j < ld; ++j) {
      const Half expected = i < 7 && j < 21 ? ToHalf(x.at(i, j)) : Half{0};
      if (i < 7) {
        EXPECT_EQ(half[i * ld + j], expected) << i << "," << j;
      }
      EXPECT_EQ(pairs[(i / 2 * ld + j) * 2 + i % 2], expected) << i << "," << j;
    }
  }
}

struct Shape {
  int64_t rows, inner, columns;
};

class HalfProductTest : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (!HasHalfProducts()) GTEST_SKIP() << "this machine has no AVX-512 BF16";
  }
  // The operands as the product sees them: the error left is that of the sums in f32, of inner
  // products and sums, which instructions that flush denormals do not change for these numbers.
  static Matrix Rounded(Matrix m) {
    for (int64_t i = 0; i < m.rows; ++i) {
      for (int64_t j = 0; j < m.columns; ++j) m.at(i, j) = ToFloat(ToHalf(m.at(i, j)));
    }
    return m;
  }
  static Matrix Absolute(Matrix m) {
    for (int64_t i = 0; i < m.rows; ++i) {
      for (int64_t j = 0; j < m.columns; ++j) m.at(i, j) = std::fabs(m.at(i, j));
    }
    return m;
  }
  static std::vector<float> Dense(Matrix m) {
    std::vector<float> values;
    for (int64_t i = 0; i < m.rows; ++i) {
      for (int64_t j = 0; j < m.columns; ++j) values.push_back(m.at(i, j));
    }
    return values;
  }
  struct Layouts {
    explicit Layouts(Matrix& m)
        : half(m.rows * m.ld + 32), pairs((m.rows + 1) / 2 * 2 * m.ld + 32), ld(m.ld) {
      RoundRows(m.rows, m.columns, m.data(), m.ld, half.data(), pairs.data(), ld);
    }
    std::vector<Half> half, pairs;
    int64_t ld;
  };
};

TEST_P(HalfProductTest, ProductMatchesReferenceForAnyCutAndPacking) {
  const auto [rows, inner, columns] = GetParam();
  Matrix a(rows, inner, "a"), b(inner, columns, "b"), c(rows, columns, "c");
  const Layouts operand(a);
  PackedHalfMatrix packed = *PackedHalfMatrix::Create(inner, columns);
  for (int64_t begin = 0; begin < inner; begin += 7) {  // cuts pairs
    packed.PackRows(begin, std::min(begin + 7, inner), &b.at(begin, 0), b.ld);
  }
  packed.Multiply(rows, operand.half.data(), operand.ld, c.data(), c.ld, {});

  const std::vector<float> weights = Dense(Rounded(b)), sizes = Dense(Absolute(Rounded(b)));
  std::vector<double> expected(rows * columns), magnitude(rows * columns);
  ref::DenseForward(rows, inner, columns, Rounded(a).data(), a.ld, weights.data(), expected.data(),
                    columns);
  ref::DenseForward(rows, inner, columns, Absolute(Rounded(a)).data(), a.ld, sizes.data(),
                    magnitude.data(), columns);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t at = i * columns + j;
      ASSERT_NEAR(c.at(i, j), expected[at], SumErrorBound(2 * inner, magnitude[at]));
    }
    for (int64_t j = columns; j < c.ld; ++j) ASSERT_EQ(c.at(i, j), 1e6f) << "padding";
  }

  Matrix transpose(columns, inner, "t"), pieces(rows, columns, "c");
  for (int64_t k = 0; k < inner; ++k) {
    for (int64_t j = 0; j < columns; ++j) transpose.at(j, k) = b.at(k, j);
  }
  PackedHalfMatrix other = *PackedHalfMatrix::Create(inner, columns);
  other.PackColumns(0, columns, transpose.data(), transpose.ld);
  for (int64_t begin = 0; begin < rows; begin += 5) {
    other.Multiply(std::min<int64_t>(5, rows - begin), operand.half.data() + begin * operand.ld,
                   operand.ld, &pieces.at(begin, 0), pieces.ld, {});
  }
  EXPECT_EQ(c.values, pieces.values);
}

TEST_P(HalfProductTest, ScalesGiveTheBytesOfAMatrixWhoseRowsWereScaledBefore) {
  const auto [rows, inner, columns] = GetParam();
  Matrix a(rows, inner, "a"), b(inner, columns, "b"), scaled = b, transpose(columns, inner, "t");
  const std::vector<float> scales = RandomVector(inner, "scales");
  const std::vector<float> column_scales = RandomVector(columns, "column scales");
  const Layouts operand(a);
  PackedHalfMatrix packed = *PackedHalfMatrix::Create(inner, columns);
  PackedHalfMatrix want = *PackedHalfMatrix::Create(inner, columns);
  const auto expect_equal = [&] {
    Matrix expected(rows, columns, "c"), actual = expected;
    want.Multiply(rows, operand.half.data(), operand.ld, expected.data(), expected.ld, {});
    packed.Multiply(rows, operand.half.data(), operand.ld, actual.data(), actual.ld, {});
    EXPECT_EQ(actual.values, expected.values);
  };
  for (int64_t k = 0; k < inner; ++k) {
    for (int64_t j = 0; j < columns; ++j) scaled.at(k, j) = scales[k] * b.at(k, j);
  }
  want.PackRows(0, inner, scaled.data(), scaled.ld);
  for (int64_t begin = 0; begin < inner; begin += 7) {  // cuts pairs
    packed.PackRows(begin, std::min(begin + 7, inner), &b.at(begin, 0), b.ld, &scales[begin]);
  }
  expect_equal();
  for (int64_t k = 0; k < inner; ++k) {
    for (int64_t j = 0; j < columns; ++j) {
      transpose.at(j, k) = b.at(k, j);
      scaled.at(k, j) = column_scales[j] * b.at(k, j);
    }
  }
  want.PackRows(0, inner, scaled.data(), scaled.ld);
  packed.PackColumns(0, columns, transpose.data(), transpose.ld, column_scales.data());
  expect_equal();
}

TEST_P(HalfProductTest, BiasRectifierAndGateAreThoseOfTheProductInF32) {
  const auto [rows, inner, columns] = GetParam();
  Matrix a(rows, inner, "a"), b(inner, columns, "b"), plain(rows, columns, "c"), ended = plain;
  Matrix active(rows, columns, "active");
  const std::vector<float> bias = RandomVector(RoundUpToLanes(columns), "bias");
  const Layouts operand(a);
  PackedHalfMatrix packed = *PackedHalfMatrix::Create(inner, columns);
  packed.PackRows(0, inner, b.data(), b.ld);
  const auto multiply = [&](Matrix& c, const ProductEnd& end) {
    packed.Multiply(rows, operand.half.data(), operand.ld, c.data(), c.ld, end);
  };
  multiply(plain, {});
  multiply(ended, {.bias = bias.data(), .relu = true});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      ASSERT_EQ(ended.at(i, j), std::max(plain.at(i, j) + bias[j], 0.0f));
    }
  }
  multiply(ended, {.active = active.data(), .active_stride = active.ld, .scale = 1.25f});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      ASSERT_EQ(ended.at(i, j), active.at(i, j) > 0 ? 1.25f * plain.at(i, j) : 0.0f);
    }
  }
}

TEST_P(HalfProductTest, WeightGradientMatchesReferenceWithTheSameBytesByTiles) {
  const auto [rows, inputs, outputs] = GetParam();
  Matrix x(rows, inputs, "x"), dz(rows, outputs, "dz");
  const Layouts left(x), right(dz);
  std::vector<float> whole(inputs * outputs + 1, 7.0f), tiled = whole;
  HalfWeightGradient(rows, inputs, outputs, left.pairs.data(), left.ld, right.pairs.data(),
                     right.ld, whole.data());
  EXPECT_EQ(whole.back(), 7.0f) << "written past the end";
  std::vector<double> expected(inputs * outputs), magnitude(inputs * outputs);
  ref::DenseWeightGradient(rows, inputs, outputs, Rounded(x).data(), x.ld, Rounded(dz).data(),
                           dz.ld, expected.data());
  ref::DenseWeightGradient(rows, inputs, outputs, Absolute(Rounded(x)).data(), x.ld,
                           Absolute(Rounded(dz)).data(), dz.ld, magnitude.data());
  for (int64_t at = 0; at < inputs * outputs; ++at) {
    ASSERT_NEAR(whole[at], expected[at], SumErrorBound(2 * rows, magnitude[at])) << at;
  }
  for (int64_t begin = 0; begin < inputs; begin += 10) {
    HalfWeightGradient(rows, std::min<int64_t>(10, inputs - begin), outputs,
                       left.pairs.data() + 2 * begin, left.ld, right.pairs.data(), right.ld,
                       tiled.data() + begin * outputs);
  }
  EXPECT_EQ(tiled, whole);
}

INSTANTIATE_TEST_SUITE_P(Shapes, HalfProductTest,
                         ::testing::Values(Shape{1, 1, 2}, Shape{7, 3, 5}, Shape{13, 64, 16},
                                           Shape{9, 101, 17}, Shape{15, 5, 33}, Shape{33, 29, 48},
                                           Shape{6, 1031, 49}, Shape{64, 784, 67},
                                           Shape{301, 7, 130}, Shape{11, 2100, 100}),
                         [](const auto& info) {
                           const Shape& s = info.param;
                           return std::to_string(s.rows) + "x" + std::to_string(s.inner) + "x" +
                                  std::to_string(s.columns);
                         });

}  // namespace
}  // namespace winnow::ops
