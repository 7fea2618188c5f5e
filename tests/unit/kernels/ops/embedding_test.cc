#include "kernels/ops/embedding.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

using ::testing::Each;
using ::testing::Eq;

struct Case {
  int64_t rows, vocabulary, dim;
};

class EmbeddingTest : public ::testing::TestWithParam<Case> {
 protected:
  EmbeddingTest() {
    const RngStream random(3, "codes");
    for (int64_t i = 0; i < case_.rows * kStride; ++i) {
      // Square of a uniform number: low codes are frequent, as in real tables.
      const double u = random.Uniform(static_cast<uint64_t>(i));
      codes_.push_back(static_cast<int32_t>(u * u * static_cast<double>(case_.vocabulary)));
    }
  }
  static constexpr int64_t kStride = 3;
  const Case case_ = GetParam();
  std::vector<int32_t> codes_;
};

TEST_P(EmbeddingTest, GatherEqualsReference) {
  const auto [rows, vocabulary, dim] = case_;
  const std::vector<float> table = RandomVector(vocabulary * dim, "table");
  Matrix x(rows, dim, "x"), expected(rows, dim, "x");
  GatherEmbedding(rows, codes_.data() + 1, kStride, table.data(), dim, x.data(), x.ld);
  ref::GatherEmbedding(rows, codes_.data() + 1, kStride, table.data(), dim, expected.data(),
                       expected.ld);
  EXPECT_EQ(x.values, expected.values);
}

TEST_P(EmbeddingTest, MergedRowsEqualTheWholeGradientBitForBit) {
  const auto [rows, vocabulary, dim] = case_;
  Matrix dx(rows, dim, "dx");
  std::vector<int32_t> slots(vocabulary, -1), distinct(rows);
  std::vector<float> sums(rows * dim), merged(vocabulary * dim, 0), expected(vocabulary * dim);
  const int64_t count = MergeEmbeddingRows(rows, codes_.data() + 1, kStride, dx.data(), dx.ld, dim,
                                           slots.data(), distinct.data(), sums.data());
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t d = 0; d < dim; ++d) merged[distinct[r] * dim + d] = sums[r * dim + d];
  }
  ref::EmbeddingGradient(rows, codes_.data() + 1, kStride, dx.data(), dx.ld, vocabulary, dim,
                         expected.data());
  EXPECT_EQ(merged, expected);
  EXPECT_THAT(slots, Each(Eq(-1)));
}

TEST_P(EmbeddingTest, RangesTogetherAreTheWholeBitForBit) {
  const auto [rows, vocabulary, dim] = case_;
  Matrix dx(rows, dim, "dx");
  std::vector<int32_t> slots(vocabulary, -1), distinct(rows);
  std::vector<float> sums(rows * dim), merged(vocabulary * dim, 0), expected(vocabulary * dim);
  ref::EmbeddingGradient(rows, codes_.data() + 1, kStride, dx.data(), dx.ld, vocabulary, dim,
                         expected.data());
  const auto all = static_cast<int32_t>(vocabulary), middle = (all + 1) / 2;
  for (const CodeRange range : {CodeRange{0, middle}, CodeRange{middle, all}}) {
    const int64_t count =
        MergeEmbeddingRows(rows, codes_.data() + 1, kStride, dx.data(), dx.ld, dim, slots.data(),
                           distinct.data(), sums.data(), range);
    for (int64_t r = 0; r < count; ++r) {
      EXPECT_TRUE(range.contains(distinct[r]));
      for (int64_t d = 0; d < dim; ++d) merged[distinct[r] * dim + d] += sums[r * dim + d];
    }
    EXPECT_THAT(slots, Each(Eq(-1)));
  }
  EXPECT_EQ(merged, expected);
}

INSTANTIATE_TEST_SUITE_P(Cases, EmbeddingTest,
                         ::testing::Values(Case{1, 1, 1}, Case{7, 3, 4}, Case{67, 5, 8},
                                           Case{100, 1000, 16}, Case{1000, 40, 7}));

}  // namespace
}  // namespace winnow::ops
