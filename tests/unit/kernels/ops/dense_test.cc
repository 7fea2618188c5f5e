#include "kernels/ops/dense.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/ops/dense_ref.h"
#include "kernels/ops/threading.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

struct Shape {
  int64_t rows, inputs, outputs;
};

class DenseTest : public ::testing::TestWithParam<Shape> {
 protected:
  DenseTest() {
    UseOneThread();
    for (const float value : w_) w_magnitude_.push_back(std::fabs(value));
  }

  // The magnitudes whose sums bound the error: the same operation on absolute values.
  static Matrix Absolute(Matrix m) {
    for (int64_t i = 0; i < m.rows; ++i) {
      for (int64_t j = 0; j < m.columns; ++j) m.at(i, j) = std::fabs(m.at(i, j));
    }
    return m;
  }

  const Shape shape_ = GetParam();
  Matrix x_{shape_.rows, shape_.inputs, "x"};
  Matrix dz_{shape_.rows, shape_.outputs, "dz"};
  std::vector<float> w_ = RandomVector(shape_.inputs * shape_.outputs, "w");
  std::vector<float> w_magnitude_;
};

TEST_P(DenseTest, ForwardMatchesReference) {
  const auto [rows, inputs, outputs] = shape_;
  Matrix z(rows, outputs, "z");
  ASSERT_TRUE(DenseForward(rows, inputs, outputs, x_.data(), x_.ld, w_.data(), z.data(), z.ld));
  std::vector<double> expected(rows * outputs), magnitude(rows * outputs);
  ref::DenseForward(rows, inputs, outputs, x_.data(), x_.ld, w_.data(), expected.data(), outputs);
  ref::DenseForward(rows, inputs, outputs, Absolute(x_).data(), x_.ld, w_magnitude_.data(),
                    magnitude.data(), outputs);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < outputs; ++j) {
      const int64_t at = i * outputs + j;
      ASSERT_NEAR(z.at(i, j), expected[at], SumErrorBound(inputs, magnitude[at])) << i << "," << j;
    }
  }
}

TEST_P(DenseTest, BackwardDataMatchesReferenceAndWritesNothingElse) {
  const auto [rows, inputs, outputs] = shape_;
  Matrix dx(rows, inputs, "dx");
  ASSERT_TRUE(
      DenseBackwardData(rows, inputs, outputs, dz_.data(), dz_.ld, w_.data(), dx.data(), dx.ld));
  std::vector<double> expected(rows * inputs), magnitude(rows * inputs);
  ref::DenseBackwardData(rows, inputs, outputs, dz_.data(), dz_.ld, w_.data(), expected.data(),
                         inputs);
  ref::DenseBackwardData(rows, inputs, outputs, Absolute(dz_).data(), dz_.ld, w_magnitude_.data(),
                         magnitude.data(), inputs);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < dx.ld; ++k) {
      const int64_t at = i * inputs + k;
      if (k >= inputs) {
        ASSERT_EQ(dx.at(i, k), 1e6f) << "padding";
      } else {
        ASSERT_NEAR(dx.at(i, k), expected[at], SumErrorBound(outputs, magnitude[at]));
      }
    }
  }
}

TEST_P(DenseTest, WeightGradientMatchesReferenceAlsoByTiles) {
  const auto [rows, inputs, outputs] = shape_;
  std::vector<double> expected(inputs * outputs), magnitude(inputs * outputs);
  ref::DenseWeightGradient(rows, inputs, outputs, x_.data(), x_.ld, dz_.data(), dz_.ld,
                           expected.data());
  ref::DenseWeightGradient(rows, inputs, outputs, Absolute(x_).data(), x_.ld, Absolute(dz_).data(),
                           dz_.ld, magnitude.data());
  for (const int64_t tile : {inputs, int64_t{48}, int64_t{16}}) {
    std::vector<float> g(inputs * outputs, 7.0f);
    for (int64_t begin = 0; begin < inputs; begin += tile) {
      ASSERT_TRUE(DenseWeightGradient(rows, std::min(tile, inputs - begin), outputs,
                                      x_.data() + begin, x_.ld, dz_.data(), dz_.ld,
                                      g.data() + begin * outputs));
    }
    for (int64_t at = 0; at < inputs * outputs; ++at) {
      ASSERT_NEAR(g[at], expected[at], SumErrorBound(rows, magnitude[at])) << tile << " " << at;
    }
  }
}

// The own kernels promise more than oneDNN: the same bytes for any cut of rows.
class NarrowDenseTest : public DenseTest {};

TEST_P(NarrowDenseTest, ForwardDoesNotDependOnTheCutOfRows) {
  const auto [rows, inputs, outputs] = shape_;
  Matrix whole(rows, outputs, "z"), pieces(rows, outputs, "z");
  ASSERT_TRUE(
      DenseForward(rows, inputs, outputs, x_.data(), x_.ld, w_.data(), whole.data(), whole.ld));
  for (int64_t begin = 0; begin < rows; begin += 5) {
    ASSERT_TRUE(DenseForward(std::min<int64_t>(5, rows - begin), inputs, outputs, &x_.at(begin, 0),
                             x_.ld, w_.data(), &pieces.at(begin, 0), pieces.ld));
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < outputs; ++j) ASSERT_EQ(whole.at(i, j), pieces.at(i, j));
  }
}

std::string NameOf(const ::testing::TestParamInfo<Shape>& info) {
  return std::to_string(info.param.rows) + "x" + std::to_string(info.param.inputs) + "x" +
         std::to_string(info.param.outputs);
}

const auto kNarrow = ::testing::Values(Shape{1, 1, 1}, Shape{7, 3, 1}, Shape{67, 100, 1},
                                       Shape{512, 67, 1}, Shape{1, 7, 2}, Shape{7, 67, 10},
                                       Shape{100, 129, 10}, Shape{67, 64, 16}, Shape{1000, 5, 3});
INSTANTIATE_TEST_SUITE_P(Narrow, DenseTest, kNarrow, NameOf);
INSTANTIATE_TEST_SUITE_P(Narrow, NarrowDenseTest, kNarrow, NameOf);
INSTANTIATE_TEST_SUITE_P(Wide, DenseTest,
                         ::testing::Values(Shape{1, 1, 17}, Shape{7, 100, 67}, Shape{100, 67, 100},
                                           Shape{67, 7, 400}, Shape{128, 784, 67}),
                         NameOf);

}  // namespace
}  // namespace winnow::ops
