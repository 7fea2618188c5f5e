#include "kernels/ops/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/ops/dense_ref.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

struct Shape {
  int64_t rows, inner, columns;
};

// C = A B in every level that the machine has.
class PackedMatrixTest : public ::testing::TestWithParam<std::tuple<Shape, Isa>> {
 protected:
  const Shape shape_ = std::get<0>(GetParam());
  const Isa isa_ = std::get<1>(GetParam());
  Matrix a_{shape_.rows, shape_.inner, "a"};
  std::vector<float> b_ = RandomVector(shape_.inner * shape_.columns, "b");

  PackedMatrix Packed() const {
    PackedMatrix packed = *PackedMatrix::Create(shape_.inner, shape_.columns, isa_);
    packed.PackRows(0, shape_.inner, b_.data(), shape_.columns);
    return packed;
  }
  std::vector<double> Reference() {
    std::vector<double> c(static_cast<size_t>(shape_.rows * shape_.columns));
    ref::DenseForward(shape_.rows, shape_.inner, shape_.columns, a_.data(), a_.ld, b_.data(),
                      c.data(), shape_.columns);
    return c;
  }
  // Sums of magnitudes bound the error.
  std::vector<double> Magnitudes() {
    Matrix a = a_;
    std::vector<float> b = b_;
    for (int64_t i = 0; i < a.rows; ++i) {
      for (int64_t k = 0; k < a.columns; ++k) a.at(i, k) = std::fabs(a.at(i, k));
    }
    for (float& value : b) value = std::fabs(value);
    std::vector<double> c(static_cast<size_t>(shape_.rows * shape_.columns));
    ref::DenseForward(shape_.rows, shape_.inner, shape_.columns, a.data(), a.ld, b.data(), c.data(),
                      shape_.columns);
    return c;
  }
};

TEST_P(PackedMatrixTest, MatchesReferenceAndWritesNothingElse) {
  Matrix c(shape_.rows, shape_.columns, "c");
  Packed().Multiply(shape_.rows, a_.data(), a_.ld, c.data(), c.ld, {});
  const std::vector<double> expected = Reference(), magnitude = Magnitudes();
  for (int64_t i = 0; i < shape_.rows; ++i) {
    for (int64_t j = 0; j < shape_.columns; ++j) {
      const int64_t at = i * shape_.columns + j;
      ASSERT_NEAR(c.at(i, j), expected[at], SumErrorBound(shape_.inner, magnitude[at]));
    }
    for (int64_t j = shape_.columns; j < c.ld; ++j) ASSERT_EQ(c.at(i, j), 1e6f) << "padding";
  }
}

TEST_P(PackedMatrixTest, BytesDependNeitherOnTheCutOfRowsNorOnHowItWasPacked) {
  Matrix whole(shape_.rows, shape_.columns, "c"), pieces = whole;
  Packed().Multiply(shape_.rows, a_.data(), a_.ld, whole.data(), whole.ld, {});

  std::vector<float> transpose(b_.size());
  for (int64_t k = 0; k < shape_.inner; ++k) {
    for (int64_t j = 0; j < shape_.columns; ++j) {
      transpose[j * shape_.inner + k] = b_[k * shape_.columns + j];
    }
  }
  PackedMatrix packed = *PackedMatrix::Create(shape_.inner, shape_.columns, isa_);
  for (int64_t begin = 0; begin < shape_.columns; begin += 22) {
    packed.PackColumns(begin, std::min(begin + 22, shape_.columns),
                       transpose.data() + begin * shape_.inner, shape_.inner);
  }
  for (int64_t begin = 0; begin < shape_.rows; begin += 5) {
    packed.Multiply(std::min<int64_t>(5, shape_.rows - begin), &a_.at(begin, 0), a_.ld,
                    &pieces.at(begin, 0), pieces.ld, {});
  }
  EXPECT_EQ(whole.values, pieces.values);
}

TEST_P(PackedMatrixTest, ScalesGiveTheBytesOfAMatrixWhoseRowsWereScaledBefore) {
  const std::vector<float> scales = RandomVector(shape_.inner, "scales");
  std::vector<float> scaled = b_;
  for (int64_t k = 0; k < shape_.inner; ++k) {
    for (int64_t j = 0; j < shape_.columns; ++j) scaled[k * shape_.columns + j] *= scales[k];
  }
  PackedMatrix want = *PackedMatrix::Create(shape_.inner, shape_.columns, isa_),
               rows = *PackedMatrix::Create(shape_.inner, shape_.columns, isa_);
  want.PackRows(0, shape_.inner, scaled.data(), shape_.columns);
  for (int64_t begin = 0; begin < shape_.inner; begin += 54) {
    rows.PackRows(begin, std::min(begin + 54, shape_.inner), &b_[begin * shape_.columns],
                  shape_.columns, &scales[begin]);
  }
  Matrix expected(shape_.rows, shape_.columns, "c"), actual = expected;
  want.Multiply(shape_.rows, a_.data(), a_.ld, expected.data(), expected.ld, {});
  rows.Multiply(shape_.rows, a_.data(), a_.ld, actual.data(), actual.ld, {});
  EXPECT_EQ(actual.values, expected.values);

  // B of `columns` inner indices and `inner` columns, from its transpose b_.
  Matrix x(shape_.rows, shape_.columns, "x"), by_rows(shape_.rows, shape_.inner, "c");
  Matrix by_columns = by_rows;
  PackedMatrix plain = *PackedMatrix::Create(shape_.columns, shape_.inner, isa_),
               columns = *PackedMatrix::Create(shape_.columns, shape_.inner, isa_);
  plain.PackColumns(0, shape_.inner, scaled.data(), shape_.columns);
  for (int64_t begin = 0; begin < shape_.inner; begin += 22) {
    columns.PackColumns(begin, std::min(begin + 22, shape_.inner), &b_[begin * shape_.columns],
                        shape_.columns, &scales[begin]);
  }
  plain.Multiply(shape_.rows, x.data(), x.ld, by_rows.data(), by_rows.ld, {});
  columns.Multiply(shape_.rows, x.data(), x.ld, by_columns.data(), by_columns.ld, {});
  EXPECT_EQ(by_columns.values, by_rows.values);
}

TEST_P(PackedMatrixTest, AddsBiasThenRectifiesThenDropsWhatWasInactive) {
  Matrix plain(shape_.rows, shape_.columns, "c"), ended = plain;
  Matrix active(shape_.rows, shape_.columns, "active");
  const std::vector<float> bias = RandomVector(RoundUpToLanes(shape_.columns), "bias");
  const PackedMatrix packed = Packed();
  packed.Multiply(shape_.rows, a_.data(), a_.ld, plain.data(), plain.ld, {});
  ProductEnd end;
  end.bias = bias.data();
  end.relu = true;
  packed.Multiply(shape_.rows, a_.data(), a_.ld, ended.data(), ended.ld, end);
  for (int64_t i = 0; i < shape_.rows; ++i) {
    for (int64_t j = 0; j < shape_.columns; ++j) {
      ASSERT_EQ(ended.at(i, j), std::max(plain.at(i, j) + bias[j], 0.0f));
    }
  }
  ProductEnd gate;
  gate.active = active.data();
  gate.active_stride = active.ld;
  gate.scale = 1.25f;
  packed.Multiply(shape_.rows, a_.data(), a_.ld, ended.data(), ended.ld, gate);
  for (int64_t i = 0; i < shape_.rows; ++i) {
    for (int64_t j = 0; j < shape_.columns; ++j) {
      ASSERT_EQ(ended.at(i, j), active.at(i, j) > 0 ? 1.25f * plain.at(i, j) : 0.0f);
    }
  }
}

// A number that is not one must reach the loss, where it is noticed.
TEST_P(PackedMatrixTest, RectifierKeepsNaN) {
  a_.at(shape_.rows / 2, 0) = std::numeric_limits<float>::quiet_NaN();
  Matrix c(shape_.rows, shape_.columns, "c");
  ProductEnd end;
  end.relu = true;
  Packed().Multiply(shape_.rows, a_.data(), a_.ld, c.data(), c.ld, end);
  for (int64_t j = 0; j < shape_.columns; ++j) EXPECT_TRUE(std::isnan(c.at(shape_.rows / 2, j)));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, PackedMatrixTest,
    ::testing::Combine(::testing::Values(Shape{1, 1, 1}, Shape{7, 3, 1}, Shape{67, 100, 1},
                                         Shape{1, 7, 2}, Shape{67, 1, 100}, Shape{7, 67, 10},
                                         Shape{13, 64, 16}, Shape{9, 100, 17}, Shape{15, 5, 33},
                                         Shape{33, 29, 48}, Shape{6, 513, 49}, Shape{64, 784, 67},
                                         Shape{67, 7, 400}, Shape{11, 1100, 100}),
                       ::testing::ValuesIn(UsableIsas())),
    [](const auto& info) {
      const Shape& s = std::get<0>(info.param);
      return std::to_string(s.rows) + "x" + std::to_string(s.inner) + "x" +
             std::to_string(s.columns) + "_" + NameOf(std::get<1>(info.param));
    });

TEST(PackedMatrixBytesTest, Avx2AndAvx512Agree) {
  if (ActiveIsa() < Isa::kAvx512) GTEST_SKIP() << "this machine has no AVX-512";
  Matrix a(37, 700, "a"), small(37, 75, "c"), large = small;
  const std::vector<float> b = RandomVector(700 * 75, "b");
  for (const auto& [isa, c] : {std::pair{Isa::kAvx2, &small}, {Isa::kAvx512, &large}}) {
    PackedMatrix packed = *PackedMatrix::Create(700, 75, isa);
    packed.PackRows(0, 700, b.data(), 75);
    packed.Multiply(37, a.data(), a.ld, c->data(), c->ld, {});
  }
  EXPECT_EQ(small.values, large.values);
}

}  // namespace
}  // namespace winnow::ops
