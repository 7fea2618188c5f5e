#include "kernels/ops/block_sparse.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "kernels/ops/block_sparse_ref.h"
#include "kernels/ops/packed_matrix.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

struct Case {
  int64_t rows;
  BlockShape shape;
};

std::vector<float> RandomMask(const BlockShape& shape, double density) {
  const RngStream random(7, "mask");
  std::vector<float> mask(static_cast<size_t>(shape.grid_rows()) * shape.grid_columns());
  for (size_t b = 0; b < mask.size(); ++b) {
    // Multipliers of gates, not only 1.
    if (random.Uniform(2 * b) < density) {
      mask[b] = static_cast<float>(0.5 + random.Uniform(2 * b + 1));
    }
  }
  return mask;
}

// An operation on absolute values gives the magnitudes whose sums bound its error.
std::vector<float> Absolute(std::vector<float> values) {
  for (float& value : values) value = std::fabs(value);
  return values;
}
Matrix Absolute(Matrix m) {
  for (int64_t i = 0; i < m.rows; ++i) {
    for (int64_t j = 0; j < m.columns; ++j) m.at(i, j) = std::fabs(m.at(i, j));
  }
  return m;
}

// Rounding a product with the mask adds one rounding to each chain.
double Bound(int64_t n, double magnitude) { return SumErrorBound(n + 1, magnitude); }

class BlockSparseTest : public ::testing::TestWithParam<std::tuple<Isa, Case>> {
 protected:
  BlockSparseTest() : weights_(*BlockSparseWeights::Create(shape_, std::get<0>(GetParam()))) {}

  void SetMask(std::vector<float> mask) {
    mask_ = std::move(mask);
    weights_.SetPattern(mask_);
    for (int32_t p = 0; p < shape_.grid_rows(); ++p) weights_.SetValues(p, mask_, w_.data());
  }
  float MaskAt(int32_t k, int32_t j) const {
    return mask_[k / shape_.block_rows * shape_.grid_columns() + j / shape_.block_columns];
  }
  void CheckForward();
  void CheckBackwardData();
  void CheckWeightGradient();
  void CheckAll() {
    CheckForward();
    CheckBackwardData();
    CheckWeightGradient();
  }

  const int64_t rows_ = std::get<1>(GetParam()).rows;
  const BlockShape shape_ = std::get<1>(GetParam()).shape;
  Matrix x_{rows_, shape_.inputs, "x"};
  Matrix dz_{rows_, shape_.outputs, "dz"};
  std::vector<float> w_ = RandomVector(static_cast<int64_t>(shape_.inputs) * shape_.outputs, "w");
  std::vector<float> mask_;
  BlockSparseWeights weights_;
};

void BlockSparseTest::CheckForward() {
  Matrix z(rows_, shape_.outputs, "z");
  weights_.Forward(rows_, x_.data(), x_.ld, z.data(), z.ld);
  std::vector<double> expected(rows_ * shape_.outputs), magnitude(rows_ * shape_.outputs);
  ref::BlockForward(shape_, mask_, rows_, x_.data(), x_.ld, w_.data(), expected.data(),
                    shape_.outputs);
  ref::BlockForward(shape_, mask_, rows_, Absolute(x_).data(), x_.ld, Absolute(w_).data(),
                    magnitude.data(), shape_.outputs);
  for (int64_t i = 0; i < rows_; ++i) {
    for (int64_t j = 0; j < z.ld; ++j) {
      const int64_t at = i * shape_.outputs + j;
      if (j >= shape_.outputs) {
        ASSERT_EQ(z.at(i, j), 1e6f) << "padding";
      } else {
        ASSERT_NEAR(z.at(i, j), expected[at], Bound(shape_.inputs, magnitude[at])) << i << " " << j;
      }
    }
  }
}

void BlockSparseTest::CheckBackwardData() {
  Matrix dx(rows_, shape_.inputs, "dx");
  weights_.BackwardData(rows_, dz_.data(), dz_.ld, dx.data(), dx.ld);
  std::vector<double> expected(rows_ * shape_.inputs), magnitude(rows_ * shape_.inputs);
  ref::BlockBackwardData(shape_, mask_, rows_, dz_.data(), dz_.ld, w_.data(), expected.data(),
                         shape_.inputs);
  ref::BlockBackwardData(shape_, mask_, rows_, Absolute(dz_).data(), dz_.ld, Absolute(w_).data(),
                         magnitude.data(), shape_.inputs);
  for (int64_t i = 0; i < rows_; ++i) {
    for (int64_t k = 0; k < dx.ld; ++k) {
      const int64_t at = i * shape_.inputs + k;
      if (k >= shape_.inputs) {
        ASSERT_EQ(dx.at(i, k), 1e6f) << "padding";
      } else {
        ASSERT_NEAR(dx.at(i, k), expected[at], Bound(shape_.outputs, magnitude[at]))
            << i << " " << k;
      }
    }
  }
}

void BlockSparseTest::CheckWeightGradient() {
  const int64_t elements = static_cast<int64_t>(shape_.inputs) * shape_.outputs;
  std::vector<double> expected(elements), magnitude(elements), g(elements);
  ref::BlockWeightGradient(shape_, mask_, rows_, x_.data(), x_.ld, dz_.data(), dz_.ld,
                           expected.data());
  ref::BlockWeightGradient(shape_, mask_, rows_, Absolute(x_).data(), x_.ld, Absolute(dz_).data(),
                           dz_.ld, magnitude.data());
  std::vector<float> compact(static_cast<size_t>(weights_.gradient_floats()) + 1, 1e6f);
  for (int32_t p = 0; p < shape_.grid_rows(); ++p) {
    weights_.WeightGradient(p, rows_, x_.data(), x_.ld, dz_.data(), dz_.ld, compact.data());
    const auto kept = weights_.kept_in_row(p);
    for (size_t e = 0; e < kept.size(); ++e) {
      for (int32_t k = p * shape_.block_rows;
           k < std::min((p + 1) * shape_.block_rows, shape_.inputs); ++k) {
        const int32_t first = kept[e] * shape_.block_columns;
        for (int32_t j = first; j < std::min(first + shape_.block_columns, shape_.outputs); ++j) {
          const int64_t row = static_cast<int64_t>(e) * shape_.block_rows + k % shape_.block_rows;
          g[static_cast<int64_t>(k) * shape_.outputs + j] =
              compact[row * weights_.gradient_stride() + j - first];
        }
      }
    }
  }
  EXPECT_EQ(compact.back(), 1e6f) << "written beyond gradient_floats";
  for (int64_t at = 0; at < elements; ++at) {
    ASSERT_NEAR(g[at], expected[at], SumErrorBound(rows_, magnitude[at])) << at;
  }
}

TEST_P(BlockSparseTest, MatchesReferenceAtEveryDensity) {
  for (const double density : {0.0, 0.05, 0.3, 0.7, 1.0}) {
    SCOPED_TRACE(density);
    SetMask(RandomMask(shape_, density));
    EXPECT_EQ(weights_.kept(),
              std::count_if(mask_.begin(), mask_.end(), [](float m) { return m != 0; }));
    CheckAll();
  }
}

TEST_P(BlockSparseTest, MatchesReferenceWithEmptyRowsAndColumns) {
  std::vector<float> mask = RandomMask(shape_, 1.0);
  const int32_t columns = shape_.grid_columns();
  for (int32_t p = 0; p < shape_.grid_rows(); ++p) {
    for (int32_t q = 0; q < columns; ++q) {
      if (p % 2 == 0 || q % 3 == 1) mask[p * columns + q] = 0;
    }
  }
  SetMask(mask);
  CheckAll();
}

// What stands in weights of dropped blocks, also what stood there before, reaches nothing.
TEST_P(BlockSparseTest, DroppedBlocksAreNeverRead) {
  SetMask(RandomMask(shape_, 1.0));
  const std::vector<float> mask = RandomMask(shape_, 0.4);
  std::vector<float> w = w_;
  for (int32_t k = 0; k < shape_.inputs; ++k) {
    for (int32_t j = 0; j < shape_.outputs; ++j) {
      const int32_t block =
          k / shape_.block_rows * shape_.grid_columns() + j / shape_.block_columns;
      if (mask[block] == 0) {
        w_[k * shape_.outputs + j] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }
  SetMask(mask);
  Matrix z(rows_, shape_.outputs, "z"), expected(rows_, shape_.outputs, "z");
  weights_.Forward(rows_, x_.data(), x_.ld, z.data(), z.ld);
  w_ = w;
  SetMask(mask);
  weights_.Forward(rows_, x_.data(), x_.ld, expected.data(), expected.ld);
  EXPECT_EQ(z.values, expected.values);
}

TEST_P(BlockSparseTest, BytesDoNotDependOnTheCutOfRows) {
  SetMask(RandomMask(shape_, 0.4));
  Matrix whole(rows_, shape_.outputs, "z"), pieces(rows_, shape_.outputs, "z");
  Matrix whole_dx(rows_, shape_.inputs, "dx"), pieces_dx(rows_, shape_.inputs, "dx");
  weights_.Forward(rows_, x_.data(), x_.ld, whole.data(), whole.ld);
  weights_.BackwardData(rows_, dz_.data(), dz_.ld, whole_dx.data(), whole_dx.ld);
  for (int64_t begin = 0; begin < rows_; begin += 5) {
    const int64_t count = std::min<int64_t>(5, rows_ - begin);
    weights_.Forward(count, &x_.at(begin, 0), x_.ld, &pieces.at(begin, 0), pieces.ld);
    weights_.BackwardData(count, &dz_.at(begin, 0), dz_.ld, &pieces_dx.at(begin, 0), pieces_dx.ld);
  }
  EXPECT_EQ(whole.values, pieces.values);
  EXPECT_EQ(whole_dx.values, pieces_dx.values);
}

// A list that points one block further along is noticed: the tolerances are tight enough.
TEST_P(BlockSparseTest, AWrongBlockIndexIsNoticed) {
  std::vector<float> mask = RandomMask(shape_, 0.5);
  const size_t last = mask.size() - 1;
  mask[0] = 1, mask[last] = 0;
  SetMask(mask);
  mask_[0] = 0, mask_[last] = 1;  // what the reference is told
  if (last == 0) return;
  const auto fails = [&](auto check) {
    ::testing::TestPartResultArray failures;
    {
      ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      check();
    }
    return failures.size() > 0;
  };
  EXPECT_TRUE(fails([&] { CheckForward(); }));
  EXPECT_TRUE(fails([&] { CheckBackwardData(); }));
  EXPECT_TRUE(fails([&] { CheckWeightGradient(); }));
}

std::string NameOf(const ::testing::TestParamInfo<BlockSparseTest::ParamType>& info) {
  const auto& [isa, c] = info.param;
  return absl::StrCat(NameOf(isa), "_", c.rows, "x", c.shape.inputs, "x", c.shape.outputs, "_",
                      c.shape.block_rows, "x", c.shape.block_columns);
}

INSTANTIATE_TEST_SUITE_P(
    EveryPath, BlockSparseTest,
    ::testing::Combine(::testing::ValuesIn(UsableIsas()),
                       ::testing::Values(Case{64, {64, 64, 16, 16}}, Case{67, {100, 75, 16, 16}},
                                         Case{1, {33, 70, 32, 32}}, Case{23, {130, 100, 8, 24}},
                                         Case{40, {97, 150, 24, 40}}, Case{31, {70, 129, 64, 64}},
                                         Case{50, {61, 200, 13, 48}}, Case{29, {150, 90, 48, 8}},
                                         Case{100, {128, 128, 32, 64}}, Case{7, {5, 3, 8, 8}})),
    NameOf);

// The chains are those of the dense products of W_S, which add zeros in between. (With one output
// the dense product adds by lanes.)
TEST_P(BlockSparseTest, BytesAreThoseOfTheDenseProducts) {
  const Isa isa = std::get<0>(GetParam());
  SetMask(RandomMask(shape_, 0.4));
  std::vector<float> folded = w_;
  for (int32_t k = 0; k < shape_.inputs; ++k) {
    for (int32_t j = 0; j < shape_.outputs; ++j) folded[k * shape_.outputs + j] *= MaskAt(k, j);
  }
  PackedMatrix forward = *PackedMatrix::Create(shape_.inputs, shape_.outputs, isa);
  forward.PackRows(0, shape_.inputs, folded.data(), shape_.outputs);
  PackedMatrix backward = *PackedMatrix::Create(shape_.outputs, shape_.inputs, isa);
  backward.PackColumns(0, shape_.inputs, folded.data(), shape_.outputs);

  const std::vector<float> bias = RandomVector(RoundUpToLanes(shape_.outputs), "bias");
  Matrix active(rows_, shape_.inputs, "active");
  ProductEnd forward_end, backward_end;
  forward_end.bias = bias.data();
  forward_end.relu = true;
  backward_end.active = active.data();
  backward_end.active_stride = active.ld;
  backward_end.scale = 1.25f;
  Matrix z(rows_, shape_.outputs, "z"), dense_z = z;
  Matrix dx(rows_, shape_.inputs, "dx"), dense_dx = dx;
  weights_.Forward(rows_, x_.data(), x_.ld, z.data(), z.ld, forward_end);
  forward.Multiply(rows_, x_.data(), x_.ld, dense_z.data(), z.ld, forward_end);
  weights_.BackwardData(rows_, dz_.data(), dz_.ld, dx.data(), dx.ld, backward_end);
  backward.Multiply(rows_, dz_.data(), dz_.ld, dense_dx.data(), dx.ld, backward_end);
  EXPECT_EQ(z.values, dense_z.values);
  EXPECT_EQ(dx.values, dense_dx.values);
}

TEST(BlockSparseWeightsTest, RefusesBlocksThatAreTooWide) {
  EXPECT_FALSE(IsBlockSparseShape({100, 100, 16, 65}));
  EXPECT_FALSE(IsBlockSparseShape({100, 100, 65, 16}));
  EXPECT_EQ(BlockSparseWeights::Create({100, 100, 16, 65}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PaddedStrideTest, IsNoMultipleOfAKibibyte) {
  for (int64_t width = 1; width < 5000; ++width) {
    const int64_t stride = PaddedStride(width);
    ASSERT_GE(stride, width);
    ASSERT_LT(stride, width + 2 * kLanes);
    ASSERT_EQ(stride % kLanes, 0);
    ASSERT_NE(stride % 256, 0);
  }
}

}  // namespace
}  // namespace winnow::ops
