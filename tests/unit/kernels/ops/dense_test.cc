#include "kernels/ops/dense.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/ops/dense_ref.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

struct Shape {
  int64_t rows, inputs, outputs;
};

Matrix Absolute(Matrix m) {
  for (int64_t i = 0; i < m.rows; ++i) {
    for (int64_t j = 0; j < m.columns; ++j) m.at(i, j) = std::fabs(m.at(i, j));
  }
  return m;
}

class WeightGradientTest : public ::testing::TestWithParam<std::tuple<Shape, Isa>> {};

TEST_P(WeightGradientTest, MatchesReferenceWithTheSameBytesByTiles) {
  const auto [rows, inputs, outputs] = std::get<0>(GetParam());
  const Isa isa = std::get<1>(GetParam());
  Matrix x(rows, inputs, "x"), dz(rows, outputs, "dz");
  std::vector<double> expected(inputs * outputs), magnitude(inputs * outputs);
  ref::DenseWeightGradient(rows, inputs, outputs, x.data(), x.ld, dz.data(), dz.ld,
                           expected.data());
  ref::DenseWeightGradient(rows, inputs, outputs, Absolute(x).data(), x.ld, Absolute(dz).data(),
                           dz.ld, magnitude.data());
  std::vector<float> whole(inputs * outputs + 1, 7.0f);
  DenseWeightGradient(rows, inputs, outputs, x.data(), x.ld, dz.data(), dz.ld, whole.data(), isa);
  EXPECT_EQ(whole.back(), 7.0f) << "written past the end";
  for (int64_t at = 0; at < inputs * outputs; ++at) {
    ASSERT_NEAR(whole[at], expected[at], SumErrorBound(rows, magnitude[at])) << at;
  }
  for (const int64_t tile : {48, 16}) {
    std::vector<float> tiled(inputs * outputs + 1, 7.0f);
    for (int64_t begin = 0; begin < inputs; begin += tile) {
      DenseWeightGradient(rows, std::min(tile, inputs - begin), outputs, x.data() + begin, x.ld,
                          dz.data(), dz.ld, tiled.data() + begin * outputs, isa);
    }
    EXPECT_EQ(tiled, whole) << tile;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, WeightGradientTest,
    ::testing::Combine(::testing::Values(Shape{1, 1, 1}, Shape{7, 3, 1}, Shape{512, 67, 1},
                                         Shape{1, 7, 2}, Shape{7, 67, 10}, Shape{100, 129, 10},
                                         Shape{1000, 5, 3}, Shape{1, 1, 17}, Shape{7, 100, 67},
                                         Shape{100, 67, 100}, Shape{129, 7, 400},
                                         Shape{300, 64, 64}, Shape{257, 11, 33}),
                       ::testing::ValuesIn(UsableIsas())),
    [](const auto& info) {
      const Shape& s = std::get<0>(info.param);
      return std::to_string(s.rows) + "x" + std::to_string(s.inputs) + "x" +
             std::to_string(s.outputs) + "_" + NameOf(std::get<1>(info.param));
    });

TEST(WeightGradientBytesTest, Avx2AndAvx512Agree) {
  if (ActiveIsa() < Isa::kAvx512) GTEST_SKIP() << "this machine has no AVX-512";
  Matrix x(333, 50, "x"), dz(333, 75, "dz");
  std::vector<float> small(50 * 75), large = small;
  DenseWeightGradient(333, 50, 75, x.data(), x.ld, dz.data(), dz.ld, small.data(), Isa::kAvx2);
  DenseWeightGradient(333, 50, 75, x.data(), x.ld, dz.data(), dz.ld, large.data(), Isa::kAvx512);
  EXPECT_EQ(small, large);
}

}  // namespace
}  // namespace winnow::ops
