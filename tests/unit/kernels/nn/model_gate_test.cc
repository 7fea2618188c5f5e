#include "kernels/nn/model_gate.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {
namespace {

using test::StatusIs;

TEST(MakeFoldTest, FeatureAndChunkGatesSitOnTheFirstLayer) {
  const plan::ModelShape shape = MakeShape("nci", {4}, 2);
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold features, MakeFold(shape, FeatureCandidates(shape)));
  EXPECT_EQ(features.layer, 0);
  EXPECT_EQ(features.row_base, (std::vector<int32_t>{0, 1, 1, 1, 2, 2}));
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold chunks, MakeFold(shape, ChunkCandidates(shape)));
  EXPECT_EQ(chunks.row_base, (std::vector<int32_t>{-1, 0, 0, 1, -1, -1}));
  EXPECT_EQ(chunks.columns, 4);
}

// Vectors: the bottom layers' output, columns 1 and 3. Products: (1, z), (3, z), (3, 1).
TEST(MakeFoldTest, FeatureGateOfDotProductsSitsOnTwoLayers) {
  const plan::ModelShape shape = MakeDlrm("ncic", plan::Interaction::kDot, {6, 2}, {4}, 1, 2);
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold fold, MakeFold(shape, FeatureCandidates(shape)));
  EXPECT_EQ(fold.layer, 2);
  EXPECT_EQ(fold.row_base, (std::vector<int32_t>{-1, -1, 1, 3, 3}));
  EXPECT_EQ(fold.row_second, (std::vector<int32_t>{-1, -1, -1, -1, 1}));
  EXPECT_EQ(fold.input_base, (std::vector<int32_t>{-1, -1, 1, 1, 3, 3}));
  const std::vector<float> mask = {9, 2, 9, 5};
  EXPECT_EQ(fold.row_multiplier(mask, 0), 1);
  EXPECT_EQ(fold.row_multiplier(mask, 3), 5);
  EXPECT_EQ(fold.row_multiplier(mask, 4), 10);
  ASSERT_EQ(fold.others.size(), 1u);
  EXPECT_EQ(fold.others[0].layer, 0);
  EXPECT_EQ(fold.others[0].row_base, (std::vector<int32_t>{0, 2, 2}));
  EXPECT_THAT(MakeFold(shape, ChunkCandidates(shape)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MakeFoldTest, BlockGateSitsOnTheLayerOfItsGrid) {
  const plan::ModelShape shape = MakeShape("nci", {4, 5}, 2);
  for (int32_t layer = 0; layer < 3; ++layer) {
    ASSERT_OK_AND_ASSIGN(const gates::WeightFold fold,
                         MakeFold(shape, BlockCandidates(shape, layer, 2, 2)));
    EXPECT_EQ(fold.layer, layer);
    EXPECT_EQ(fold.rows, layer == 0 ? 6 : layer == 1 ? 4 : 5);
  }
}

TEST(MakeFoldTest, LayerThatIsNotThereAndUnbuiltGatesAreRefused) {
  const plan::ModelShape shape = MakeShape("nci", {4}, 2);
  CandidateSet set = BlockCandidates(shape, 0, 2, 2);
  set.grid.layer = 2;
  EXPECT_THAT(MakeFold(shape, set), StatusIs(absl::StatusCode::kInvalidArgument));
  set.gate = GateKind::kCross;
  EXPECT_THAT(MakeFold(shape, set), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(InputRmsTest, EmbeddingsAreWeightedByHowOftenTheirRowsOccur) {
  const plan::ModelShape shape = MakeShape("cn", {4}, 1, 2);
  ASSERT_OK_AND_ASSIGN(Network network, Network::Create(shape));
  for (int64_t i = 0; i < 5 * 2; ++i) network.table(0)[i] = static_cast<float>(i);
  const std::vector<int64_t> counts = {3, 0, 1, 0, 0};
  const std::vector<std::span<const int64_t>> slots = {counts};
  const std::vector<float> dense_rms = {0.75f};
  std::vector<float> rms(3);
  InputRms(network, dense_rms, slots, rms);
  EXPECT_FLOAT_EQ(rms[0], std::sqrt((3 * 0.0f + 16.0f) / 4));
  EXPECT_FLOAT_EQ(rms[1], std::sqrt((3 * 1.0f + 25.0f) / 4));
  EXPECT_EQ(rms[2], 0.75f);
}

}  // namespace
}  // namespace winnow::nn
