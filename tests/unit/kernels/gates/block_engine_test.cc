#include "kernels/gates/block_engine.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/gates/gate_block.h"
#include "tests/support/status_matchers.h"

namespace winnow::gates {
namespace {

WeightFold MakeFold(const BlockGrid& grid) {
  CandidateSet set;
  set.gate = GateKind::kBlock;
  set.grid = grid;
  set.items.resize(static_cast<size_t>(grid.grid_rows()) * grid.grid_columns());
  return *MakeBlockFold(set, grid.rows, grid.columns);
}

BlockGrid Grid(int32_t layer, int32_t block_rows, int32_t block_columns, double saving = 0.2) {
  return {layer, 128, 128, block_rows, block_columns, saving};
}

TEST(SparseWorkTest, CountsPaddedBlocks) {
  EXPECT_DOUBLE_EQ(SparseWork(Grid(1, 16, 16), 64), 1.0);
  EXPECT_DOUBLE_EQ(SparseWork(Grid(1, 16, 16), 16), 0.25);
  EXPECT_DOUBLE_EQ(SparseWork(Grid(1, 16, 16), 16, /*half=*/true), 0.5);
  // Eight columns take a vector of 16.
  EXPECT_DOUBLE_EQ(SparseWork(Grid(1, 16, 8), 64), 1.0);
  // So do eight rows in backward data, which the first layer does not have.
  EXPECT_DOUBLE_EQ(SparseWork(Grid(1, 8, 16), 64), 1.0);
  EXPECT_DOUBLE_EQ(SparseWork(Grid(0, 8, 16), 64), 0.5);
}

TEST(IsSparseTest, NeedsTheSavingOfTheGrid) {
  std::vector<float> mask(64, 0.5f);
  EXPECT_FALSE(IsSparse(Grid(0, 16, 16), mask));
  for (int i = 0; i < 12; ++i) mask[i * 5] = 0.0f;
  EXPECT_FALSE(IsSparse(Grid(0, 16, 16), mask)) << "19 % dropped";
  mask[1] = 0.0f;
  EXPECT_TRUE(IsSparse(Grid(0, 16, 16), mask)) << "20 % dropped";
  EXPECT_FALSE(IsSparse(Grid(0, 16, 16, 0.21), mask));
  EXPECT_FALSE(IsSparse(Grid(0, 16, 16), {})) << "no mask";
}

TEST(BlockEngineTest, IsMadeWhereItCanBeOfUse) {
  const auto is_made = [](const WeightFold& fold) {
    return (*BlockEngine::Create(fold)).has_value();
  };
  EXPECT_TRUE(is_made(MakeFold(Grid(0, 16, 16))));
  EXPECT_FALSE(is_made(MakeFold(Grid(0, 16, 16, 1.0)))) << "never sparse";
  EXPECT_FALSE(is_made(MakeFold(Grid(0, 128, 16)))) << "blocks too high";
  WeightFold features = MakeFold(Grid(0, 16, 16));
  features.kind = GateKind::kFeature;
  EXPECT_FALSE(is_made(features));
}

TEST(BlockEngineTest, PacksAnewWhenMaskOrWeightsChange) {
  const WeightFold fold = MakeFold(Grid(0, 16, 16));
  BlockEngine engine = *std::move(*BlockEngine::Create(fold));
  std::vector<float> mask(64, 0.0f);
  mask[7] = 1.0f;
  EXPECT_FALSE(engine.Begin(mask, /*dropped_gradient=*/true));
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_TRUE(engine.needs_packing());
  engine.Packed();
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_FALSE(engine.needs_packing()) << "the same mask";
  engine.WeightsChanged();
  EXPECT_TRUE(engine.needs_packing());
  engine.EndStep();
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_FALSE(engine.needs_packing()) << "UpdateRows packed along, as the mask stood still";
  mask[7] = 0.5f;
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_TRUE(engine.needs_packing()) << "another multiplier";
  EXPECT_EQ(engine.blocks().kept(), 1);
  mask[9] = 0.5f;
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_EQ(engine.blocks().kept(), 2);
  EXPECT_FALSE(engine.Begin(std::vector<float>(64, 1.0f), false));
  ASSERT_TRUE(engine.Begin(mask, false));
  EXPECT_TRUE(engine.needs_packing()) << "dense steps in between";
}

}  // namespace
}  // namespace winnow::gates
