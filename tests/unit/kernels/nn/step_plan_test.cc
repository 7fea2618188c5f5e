#include "kernels/nn/step_plan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/nn/model_gate.h"
#include "kernels/plan/model_shape.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {
namespace {

TEST(StepPlanTest, RowBlocksFollowTheRule) {
  ASSERT_OK_AND_ASSIGN(const Network network, Network::Create(MakeShape("nn", {4}, 1)));
  const auto block = [&](int64_t batch) {
    return MakeStepPlan(network, nullptr, batch).block_rows;
  };
  EXPECT_EQ(block(1), 64);
  EXPECT_EQ(block(512), 64);
  EXPECT_EQ(block(513), 80);
  EXPECT_EQ(block(1000), 128);
  EXPECT_EQ(block(4096), 512);
}

TEST(StepPlanTest, TableThatDominatesIsCutByRowsWhereAllOfThemMove) {
  plan::ModelShape shape = MakeShape("cn", {4}, 1, 8);
  shape.fields[0].vocabulary = 1001;
  ASSERT_OK_AND_ASSIGN(const Network small, Network::Create(shape));
  const auto ranges = [](const Network& network, bool lazy) {
    std::vector<std::pair<int, int>> all;
    for (const OutputTask& task : MakeStepPlan(network, nullptr, 512, lazy).outputs) {
      if (task.kind == OutputTask::Kind::kTable) all.emplace_back(task.begin, task.end);
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  const auto cut = ranges(small, false);
  ASSERT_EQ(cut.size(), 8u);
  EXPECT_EQ(cut.front().first, 0);
  EXPECT_EQ(cut.back().second, 1001);
  for (size_t i = 1; i < cut.size(); ++i) EXPECT_EQ(cut[i].first, cut[i - 1].second);
  const std::vector<std::pair<int, int>> whole = {{0, 1001}};
  EXPECT_EQ(ranges(small, true), whole);
  shape.hidden_units = {512, 256};
  plan::LayOut(shape);
  ASSERT_OK_AND_ASSIGN(const Network wide, Network::Create(shape));
  EXPECT_EQ(ranges(wide, false), whole);
}

TEST(StepPlanTest, EveryParameterIsOwnedByOneTask) {
  const plan::ModelShape shape = MakeShape("ncicn" + std::string(90, 'n'), {67, 20}, 10, 5);
  ASSERT_OK_AND_ASSIGN(const Network network, Network::Create(shape));
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold fold,
                       MakeFold(shape, BlockCandidates(shape, 1, 16, 16)));
  const StepPlan plan = MakeStepPlan(network, &fold, 512);
  std::map<int32_t, std::vector<int>> owners;  // by layer: tasks of every row
  int biases = 0, tables = 0;
  int64_t last_cost = plan.outputs[0].cost;
  for (const OutputTask& task : plan.outputs) {
    EXPECT_LE(task.cost, last_cost);
    last_cost = task.cost;
    if (task.kind == OutputTask::Kind::kBias) ++biases;
    if (task.kind == OutputTask::Kind::kTable) ++tables;
    if (task.kind != OutputTask::Kind::kWeights) continue;
    const DenseLayer& layer = network.layers()[task.index];
    std::vector<int>& rows = owners[task.index];
    rows.resize(layer.inputs);
    for (int32_t r = task.begin; r < task.end; ++r) ++rows[r];
    EXPECT_LE(static_cast<int64_t>(task.end - task.begin) * layer.outputs, plan.max_tile_elements);
    if (task.index == fold.layer) {
      EXPECT_EQ(task.begin % 16, 0);
    }
  }
  EXPECT_EQ(biases, 3);
  EXPECT_EQ(tables, 2);
  ASSERT_EQ(owners.size(), 3u);
  for (const auto& [layer, rows] : owners) EXPECT_EQ(rows, std::vector<int>(rows.size(), 1));
}

}  // namespace
}  // namespace winnow::nn
