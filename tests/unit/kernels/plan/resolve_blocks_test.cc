#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::HasSubstr;

class ResolveBlocksTest : public ::testing::Test {
 protected:
  const DatasetProfile profile_ = PixelProfile(60000, 784);
  Spec spec_ = PruneBlocks(0.05);
  std::string At(const std::string& path) {
    return MessageAt(spec_, profile_, "block_pruning." + path);
  }
};

TEST_F(ResolveBlocksTest, FirstLayerOfMnistHas1225BlocksOfWhich61AreKept) {
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.gate, GateKind::kBlock);
  EXPECT_EQ(plan.candidates.size(), 1225);
  EXPECT_EQ(plan.candidates.grid.rows, 784);
  EXPECT_EQ(plan.candidates.grid.columns, 400);
  EXPECT_EQ(plan.max_picks, 61);  // floor(.05 * 1225)
  EXPECT_EQ(plan.candidates.items[26].name, "dense_0[1,1]");
  EXPECT_EQ(plan.candidates.items[26].cost.flops, 256);
}

TEST_F(ResolveBlocksTest, BorderBlocksCostWhatTheyHold) {
  Blocks(spec_).layers = {"dense_2"};
  Blocks(spec_).block_rows = 64;
  Blocks(spec_).block_columns = 4;
  const Plan plan = PlanOf(spec_, profile_);
  EXPECT_EQ(plan.candidates.grid.layer, 2);
  EXPECT_EQ(plan.candidates.grid.grid_rows(), 7);
  EXPECT_EQ(plan.candidates.grid.grid_columns(), 3);
  EXPECT_EQ(plan.candidates.items.back().cost.flops, 16 * 2);
  int64_t all = 0;
  for (const Candidate& candidate : plan.candidates.items) all += candidate.cost.flops;
  EXPECT_EQ(all, 400 * 10);
}

TEST_F(ResolveBlocksTest, UnknownLayerListsTheLayers) {
  Blocks(spec_).layers = {"dense_3"};
  EXPECT_THAT(At("layers[0]"), HasSubstr("no layer 'dense_3'; did you mean 'dense_0'?"));
  Blocks(spec_).layers = {"output"};
  EXPECT_THAT(At("layers[0]"), HasSubstr("known: dense_0, dense_1, dense_2"));
}

TEST_F(ResolveBlocksTest, OneLayerAtATime) {
  Blocks(spec_).layers = {"dense_0", "dense_1"};
  EXPECT_THAT(At("layers"), HasSubstr("not built yet"));
}

TEST_F(ResolveBlocksTest, ShapesAndBudgetsOutOfRange) {
  Blocks(spec_).block_rows = 0;
  EXPECT_EQ(At("block.rows"), "must be >= 1, got 0");
  Blocks(spec_).block_rows = 16;
  Blocks(spec_).budget.density = 1.5;
  EXPECT_EQ(At("budget.density"), "must be in (0, 1], got 1.5");
  Blocks(spec_).budget = {};
  EXPECT_EQ(At("budget"), "is empty; give density or max_count");
  Blocks(spec_).budget.max_bytes = 1000;
  EXPECT_EQ(At("budget.max_bytes"), "is not for blocks; use density");
  Blocks(spec_).budget = {.density = 0.1, .quality_tolerance = 0.01, .max_cost = 3.0};
  EXPECT_THAT(At("budget.quality_tolerance"), HasSubstr("use density or max_count"));
  EXPECT_THAT(At("budget.max_cost"), HasSubstr("is for feature_selection only"));
  Blocks(spec_).budget = {.max_count = 1226};
  EXPECT_EQ(At("budget.max_count"),
            "must be at most 1225 (the number of blocks), got 1226: 1 too many");
}

TEST_F(ResolveBlocksTest, TooManyBlocksAreRefusedBeforeTheyAreMade) {
  Blocks(spec_).block_rows = 1;
  Blocks(spec_).block_columns = 1;
  const Resolution resolution = Resolve(spec_, profile_, {.max_candidates = 100000});
  ASSERT_EQ(resolution.violations.size(), 1u);
  EXPECT_EQ(resolution.violations[0].path, "block_pruning.block");
  EXPECT_EQ(resolution.violations[0].message, "makes 313600 blocks; at most 100000 are allowed");
}

}  // namespace
}  // namespace winnow::plan
