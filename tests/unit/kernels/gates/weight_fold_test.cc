#include "kernels/gates/weight_fold.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/gates/gate_block.h"
#include "kernels/gates/gate_chunk.h"
#include "kernels/gates/gate_feature.h"
#include "kernels/gates/mask_gradient.h"
#include "kernels/ops/dense_ref.h"
#include "tests/support/status_matchers.h"

namespace winnow::gates {
namespace {

constexpr int32_t kInputs = 23, kOutputs = 21;

std::vector<float> Random(int64_t n, const std::string& name) {
  const RngStream random(4, name);
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(random.Normal(i));
  return values;
}

Candidate Columns(const std::string& name, std::vector<int32_t> columns, int32_t begin = 0,
                  int32_t end = 0) {
  Candidate candidate;
  candidate.name = name;
  candidate.columns = std::move(columns);
  candidate.begin = begin;
  candidate.end = end;
  return candidate;
}

// Rows: 0-1 numeric with indicator, 2-9 embedding, 10 numeric, 11-22 embedding.
const std::vector<FieldRows> kFields = {
    {3, false, 0, 2}, {4, true, 2, 8}, {6, false, 10, 1}, {9, true, 11, 12}};

// A group of two columns that do not stand together, a column that no field has, a field without
// candidate.
WeightFold FeatureFold() {
  CandidateSet set;
  set.items = {Columns("group", {3, 9}), Columns("absent", {5}), Columns("c4", {4})};
  return *MakeFeatureFold(set, kFields, kInputs, kOutputs);
}

WeightFold ChunkFold() {
  CandidateSet set;
  set.gate = GateKind::kChunk;
  set.items = {Columns("c4[0:3]", {4}, 0, 3), Columns("c4[3:8]", {4}, 3, 8),
               Columns("c9[4:8]", {9}, 4, 8)};
  return *MakeChunkFold(set, kFields, kInputs, kOutputs);
}

CandidateSet BlockSet(int32_t block_rows, int32_t block_columns) {
  CandidateSet set;
  set.gate = GateKind::kBlock;
  set.grid = {1, kInputs, kOutputs, block_rows, block_columns};
  set.items.resize(static_cast<size_t>(set.grid.grid_rows()) * set.grid.grid_columns());
  return set;
}

WeightFold BlockFold(int32_t block_rows, int32_t block_columns) {
  return *MakeBlockFold(BlockSet(block_rows, block_columns), kInputs, kOutputs);
}

// Every row but the 13th its own candidate.
WeightFold RowsFold() {
  WeightFold fold;
  fold.rows = kInputs;
  fold.columns = fold.column_block = kOutputs;
  fold.num_candidates = kInputs - 1;
  for (int32_t r = 0; r < kInputs; ++r) fold.row_base.push_back(r == 13 ? -1 : r - (r > 13));
  return fold;
}

struct Case {
  std::string name;
  WeightFold fold;
};

class WeightFoldTest : public ::testing::TestWithParam<Case> {
 protected:
  float multiplier(int32_t row, int32_t column) const {
    const int32_t c = fold_.candidate(row, column);
    return c < 0 ? 1.0f : mask_[c];
  }
  static int64_t at(int32_t row, int32_t column) { return int64_t{row} * kOutputs + column; }

  const WeightFold fold_ = GetParam().fold;
  const std::vector<float> w_ = Random(kInputs * kOutputs, "w");
  const std::vector<float> g_ = Random(kInputs * kOutputs, "g");
  const std::vector<float> mask_ = [this] {
    std::vector<float> mask(fold_.num_candidates);
    for (size_t c = 0; c < mask.size(); ++c) mask[c] = c % 3 == 1 ? 0.0f : 0.5f + 0.25f * c;
    return mask;
  }();
};

TEST_P(WeightFoldTest, FoldsTheMultiplierOfEveryElement) {
  std::vector<float> folded(w_.size(), 9.0f);
  FoldRows(fold_, mask_, 0, 10, w_.data(), folded.data());
  FoldRows(fold_, mask_, 10, kInputs, w_.data(), folded.data());
  for (int32_t r = 0; r < kInputs; ++r) {
    for (int32_t j = 0; j < kOutputs; ++j) {
      ASSERT_EQ(folded[at(r, j)], multiplier(r, j) * w_[at(r, j)]) << r << "," << j;
    }
  }
}

TEST_P(WeightFoldTest, MaskOfOnesIsTheWeightsBitForBit) {
  std::vector<float> folded(w_.size());
  FoldRows(fold_, std::vector<float>(fold_.num_candidates, 1.0f), 0, kInputs, w_.data(),
           folded.data());
  EXPECT_EQ(folded, w_);
}

TEST_P(WeightFoldTest, MaskGradientIsTheSumOverTheRegionForAnyTiles) {
  std::vector<double> expected(fold_.num_candidates, 0.0), magnitude(fold_.num_candidates, 0.0);
  for (int32_t r = 0; r < kInputs; ++r) {
    for (int32_t j = 0; j < kOutputs; ++j) {
      if (fold_.candidate(r, j) < 0) continue;
      const double product = static_cast<double>(w_[at(r, j)]) * g_[at(r, j)];
      expected[fold_.candidate(r, j)] += product;
      magnitude[fold_.candidate(r, j)] += std::fabs(product);
    }
  }
  for (const int32_t tile : {kInputs, 16, 7, 1}) {
    const MaskGradient gradient(fold_, tile);
    std::vector<float> sums(gradient.sum_count(), 0.0f);
    std::vector<double> actual(fold_.num_candidates, 0.0);
    for (int32_t begin = 0; begin < kInputs; begin += tile) {
      gradient.SumTile(begin, w_.data(), g_.data() + at(begin, 0), sums.data());
    }
    gradient.AddTo(sums.data(), {}, actual);
    for (int64_t c = 0; c < fold_.num_candidates; ++c) {
      // n u times the magnitudes, n = all elements of the layer.
      const double bound = kInputs * kOutputs * 0x1.0p-24 * magnitude[c];
      EXPECT_NEAR(actual[c], expected[c], bound) << "tile " << tile << " candidate " << c;
    }
  }
}

// Neighbouring runs of one row are summed together, those of a tile of one row alone.
TEST(MaskGradientTest, SumOfARowDoesNotDependOnItsNeighbours) {
  const WeightFold fold = RowsFold();
  const std::vector<float> w = Random(kInputs * kOutputs, "w"), g = Random(kInputs * kOutputs, "g");
  const MaskGradient together(fold, kInputs), alone(fold, 1);
  std::vector<float> expected(alone.sum_count()), actual(together.sum_count());
  for (int32_t r = 0; r < kInputs; ++r) {
    alone.SumTile(r, w.data(), g.data() + int64_t{r} * kOutputs, expected.data());
  }
  together.SumTile(0, w.data(), g.data(), actual.data());
  EXPECT_EQ(actual, expected);
}

TEST_P(WeightFoldTest, UpdateIsTheOptimizerOnTheScaledGradientAndZeroFreezes) {
  for (const ops::OptimizerSettings& settings :
       {ops::OptimizerSettings{},
        ops::OptimizerSettings{.kind = ops::OptimizerKind::kSgd, .momentum = 0.9},
        ops::OptimizerSettings{.kind = ops::OptimizerKind::kSgd}}) {
    const ops::OptimizerStep step = MakeOptimizerStep(settings, 2, 0.01, 1.0);
    const int moments = MomentCount(settings);
    std::vector<float> w = w_, m(w_.size(), 0.1f), v(w_.size(), 0.2f), scratch(kOutputs);
    std::vector<float> want_w = w, want_m = m, want_v = v, g = g_;
    for (const auto& [begin, end] : {std::pair{0, 9}, std::pair{9, kInputs}}) {
      UpdateRows(fold_, mask_, {}, begin, end, step, g.data() + at(begin, 0), w.data(),
                 moments > 0 ? m.data() : nullptr, moments > 1 ? v.data() : nullptr,
                 scratch.data());
    }
    for (int32_t r = 0; r < kInputs; ++r) {
      for (int32_t j = 0; j < kOutputs; ++j) {
        if (multiplier(r, j) == 0) continue;
        const int64_t e = at(r, j);
        ops::ref::OptimizerUpdate(step, multiplier(r, j) * g_[e], &want_w[e],
                                  moments > 0 ? &want_m[e] : nullptr,
                                  moments > 1 ? &want_v[e] : nullptr);
      }
    }
    EXPECT_EQ(w, want_w);
    EXPECT_EQ(m, want_m);
    EXPECT_EQ(v, want_v);
  }
}

TEST_P(WeightFoldTest, RegionNormsAreThoseOfTheScaledRegion) {
  const std::vector<float> scale = Random(kInputs, "scale");
  for (const bool scaled : {false, true}) {
    std::vector<float> norms(fold_.num_candidates);
    RegionNorms(fold_, w_.data(), scaled ? std::span<const float>(scale) : std::span<const float>(),
                norms);
    for (int64_t c = 0; c < fold_.num_candidates; ++c) {
      double square = 0;
      for (int32_t r = 0; r < kInputs; ++r) {
        for (int32_t j = 0; j < kOutputs; ++j) {
          if (fold_.candidate(r, j) != c) continue;
          square += std::pow((scaled ? scale[r] : 1.0) * w_[at(r, j)], 2);
        }
      }
      EXPECT_FLOAT_EQ(norms[c], static_cast<float>(std::sqrt(square)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Gates, WeightFoldTest,
    ::testing::Values(Case{"Feature", FeatureFold()}, Case{"Rows", RowsFold()},
                      Case{"Chunk", ChunkFold()}, Case{"Block4x8", BlockFold(4, 8)},
                      Case{"Block16x16", BlockFold(16, 16)}, Case{"Block1x1", BlockFold(1, 1)},
                      Case{"BlockRows", BlockFold(2, 21)}, Case{"BlockWhole", BlockFold(64, 64)}),
    [](const auto& info) { return info.param.name; });

// Folding is the masked input: X diag(a) W = X W_hat.
TEST(FeatureFoldTest, FoldedWeightsGiveWhatMaskedInputsGive) {
  const WeightFold fold = FeatureFold();
  const std::vector<float> mask = {0.5f, 7.0f, 0.0f};
  const std::vector<float> w = Random(kInputs * kOutputs, "w"), x = Random(5 * kInputs, "x");
  std::vector<float> masked = x, folded(w.size());
  for (int64_t i = 0; i < 5; ++i) {
    for (int32_t r = 0; r < kInputs; ++r) {
      if (fold.row_base[r] >= 0) masked[i * kInputs + r] *= mask[fold.row_base[r]];
    }
  }
  FoldRows(fold, mask, 0, kInputs, w.data(), folded.data());
  std::vector<double> by_inputs(5 * kOutputs), by_weights(5 * kOutputs);
  ops::ref::DenseForward(5, kInputs, kOutputs, masked.data(), kInputs, w.data(), by_inputs.data(),
                         kOutputs);
  ops::ref::DenseForward(5, kInputs, kOutputs, x.data(), kInputs, folded.data(), by_weights.data(),
                         kOutputs);
  EXPECT_EQ(by_inputs, by_weights);  // multipliers are powers of two: no rounding
}

TEST(FeatureFoldTest, GroupGatesAllRowsOfItsColumnsAndOthersAreFree) {
  const WeightFold fold = FeatureFold();
  for (int32_t r = 0; r < kInputs; ++r) {
    const int32_t expected = r < 2 || r >= 11 ? 0 : r < 10 ? 2 : -1;
    EXPECT_EQ(fold.row_base[r], expected) << r;
  }
}

TEST(FeatureFoldTest, ColumnInTwoCandidatesIsRefusedByName) {
  CandidateSet set;
  set.items = {Columns("first", {3, 4}), Columns("second", {4})};
  EXPECT_THAT(MakeFeatureFold(set, kFields, kInputs, kOutputs),
              test::StatusIs(absl::StatusCode::kInvalidArgument,
                             ::testing::AllOf(::testing::HasSubstr("'first'"),
                                              ::testing::HasSubstr("'second'"))));
}

TEST(ChunkFoldTest, ChunksGateTheirDimensionsAlone) {
  const WeightFold fold = ChunkFold();
  std::vector<int32_t> expected(kInputs, -1);
  for (int32_t r = 2; r < 5; ++r) expected[r] = 0;
  for (int32_t r = 5; r < 10; ++r) expected[r] = 1;
  for (int32_t r = 15; r < 19; ++r) expected[r] = 2;
  EXPECT_EQ(fold.row_base, expected);
}

TEST(ChunkFoldTest, ImpossibleChunksAreRefused) {
  const auto make = [](std::vector<Candidate> items) {
    CandidateSet set;
    set.items = std::move(items);
    return MakeChunkFold(set, kFields, kInputs, kOutputs).status();
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(make({Columns("a", {4}, 0, 9)}), test::StatusIs(invalid));
  EXPECT_THAT(make({Columns("a", {4}, 2, 2)}), test::StatusIs(invalid));
  EXPECT_THAT(make({Columns("a", {3}, 0, 1)}), test::StatusIs(invalid));  // numeric
  EXPECT_THAT(make({Columns("a", {5}, 0, 1)}), test::StatusIs(invalid));  // no such field
  EXPECT_THAT(make({Columns("a", {4}, 0, 4), Columns("b", {4}, 3, 8)}),
              test::StatusIs(invalid, ::testing::HasSubstr("overlap")));
}

TEST(BlockFoldTest, BlocksAreNumberedRowByRowAndBordersAreSmaller) {
  const WeightFold fold = BlockFold(16, 16);
  EXPECT_EQ(fold.layer, 1);
  EXPECT_EQ(fold.num_candidates, 4);
  EXPECT_EQ(fold.candidate(0, 0), 0);
  EXPECT_EQ(fold.candidate(15, 16), 1);
  EXPECT_EQ(fold.candidate(16, 15), 2);
  EXPECT_EQ(fold.candidate(22, 20), 3);
}

TEST(BlockFoldTest, GridThatDoesNotFitIsRefused) {
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(MakeBlockFold(BlockSet(4, 4), kInputs + 1, kOutputs), test::StatusIs(invalid));
  CandidateSet short_set = BlockSet(4, 4);
  short_set.items.pop_back();
  EXPECT_THAT(MakeBlockFold(short_set, kInputs, kOutputs), test::StatusIs(invalid));
  CandidateSet empty_blocks = BlockSet(4, 4);
  empty_blocks.grid.block_rows = 0;
  EXPECT_THAT(MakeBlockFold(empty_blocks, kInputs, kOutputs), test::StatusIs(invalid));
}

TEST(BlockFoldTest, TilesHoldWholeBlocks) {
  EXPECT_EQ(TileRows(BlockFold(4, 8), 18), 20);
  EXPECT_EQ(TileRows(BlockFold(16, 8), 5), 16);
  EXPECT_EQ(TileRows(FeatureFold(), 18), 18);
}

}  // namespace
}  // namespace winnow::gates
