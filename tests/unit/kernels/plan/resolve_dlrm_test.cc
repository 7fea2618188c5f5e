// The model dlrm: its shape, defaults, costs and refusals.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/model_shape.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Spec Dlrm(Spec spec, Interaction interaction) {
  spec.model.kind = ModelKind::kDlrm;
  spec.model.interaction = interaction;
  return spec;
}

std::vector<std::pair<int32_t, int32_t>> Widths(const ModelShape& shape) {
  std::vector<std::pair<int32_t, int32_t>> widths;
  for (const LayerShape& layer : Layers(shape)) widths.emplace_back(layer.inputs, layer.outputs);
  return widths;
}

// 13 numeric columns and 26 categorical ones.
DatasetProfile ClickProfile() {
  DatasetProfile profile = RegressionProfile(100000);
  const ColumnProfile numeric = profile.columns[0];
  profile.columns.assign(39, numeric);
  for (int c = 0; c < 39; ++c) {
    profile.columns[c].name = std::string(c < 13 ? "I" : "C") + std::to_string(c);
    if (c < 13) continue;
    profile.columns[c].kind = ColumnKind::kCategorical;
    profile.columns[c].vocabulary = 100000;
  }
  return profile;
}

TEST(ResolveDlrmTest, DefaultsAreDotProductsOfSixteenDimensions) {
  Spec spec = SelectFeatures(10);
  spec.model.kind = ModelKind::kDlrm;
  const Plan plan = PlanOf(spec, ClickProfile());
  EXPECT_EQ(plan.spec.model.interaction, Interaction::kDot);
  EXPECT_THAT(*plan.spec.model.bottom_units, ElementsAre(512, 256));
  EXPECT_THAT(*plan.spec.model.hidden_units, ElementsAre(512, 256));
  EXPECT_THAT(Widths(plan.model),
              ElementsAre(Pair(13, 512), Pair(512, 256), Pair(256, 16), Pair(16 + 27 * 26 / 2, 512),
                          Pair(512, 256), Pair(256, 1)));
  EXPECT_EQ(TopLayer(plan.model), 3);
  int64_t parameters = int64_t{26} * 100000 * 16;
  for (const auto& [inputs, outputs] : Widths(plan.model)) parameters += (inputs + 1) * outputs;
  EXPECT_EQ(plan.model.parameters, parameters);
}

TEST(ResolveDlrmTest, ConcatenationWithoutBottomLayersIsTheMlp) {
  Spec spec = Dlrm(SelectFeatures(10), Interaction::kConcat);
  spec.model.bottom_units = std::vector<int32_t>{};
  Spec mlp = SelectFeatures(10);
  mlp.model.hidden_units = {{512, 256}};
  mlp.model.embedding_dimension = 16;
  const ModelShape shape = PlanOf(spec, ClickProfile()).model;
  const ModelShape same = PlanOf(mlp, ClickProfile()).model;
  EXPECT_THAT(Widths(shape), ElementsAre(Pair(429, 512), Pair(512, 256), Pair(256, 1)));
  EXPECT_EQ(Widths(shape), Widths(same));
  ASSERT_EQ(shape.fields.size(), same.fields.size());
  for (size_t f = 0; f < shape.fields.size(); ++f) {
    EXPECT_EQ(shape.fields[f].first_row, same.fields[f].first_row);
  }
}

TEST(ResolveDlrmTest, ConcatenationBehindBottomLayers) {
  Spec spec = Dlrm(SelectFeatures(10), Interaction::kConcat);
  spec.model.bottom_units = {{64}};
  spec.model.hidden_units = {{32}};
  spec.model.embedding_dimension = 10;
  EXPECT_THAT(Widths(PlanOf(spec, ClickProfile()).model),
              ElementsAre(Pair(13, 64), Pair(64, 10), Pair(270, 32), Pair(32, 1)));
}

TEST(ResolveDlrmTest, FieldsCostTheirTableAndHalfTheirProducts) {
  const Plan plan = PlanOf(Dlrm(SelectFeatures(10), Interaction::kDot), ClickProfile());
  EXPECT_EQ(plan.candidates.items[0].cost.flops, 512);        // a row of the first bottom layer
  EXPECT_EQ(plan.candidates.items[13].cost.flops, 26 * 256);  // 26 products of 512 weights, half
  EXPECT_EQ(plan.candidates.items[13].cost.bytes, 4 * (100000 * 16 + 26 * 256));
}

TEST(ResolveDlrmTest, ColumnsThatMakeNoPairAreRefused) {
  Spec spec = Dlrm(SelectFeatures(1), Interaction::kDot);
  EXPECT_THAT(MessageAt(spec, RegressionProfile(1000), "model"), HasSubstr("categorical column"));
  DatasetProfile one = RegressionProfile(1000);
  one.columns.resize(1);
  one.columns[0].kind = ColumnKind::kCategorical;
  one.columns[0].vocabulary = 5;
  EXPECT_THAT(MessageAt(spec, one, "model"), HasSubstr("two vectors"));
}

TEST(ResolveDlrmTest, ForbiddenNumbersTakeTheBottomLayersAlong) {
  Spec spec = Dlrm(SelectFeatures(2), Interaction::kDot);
  for (const ColumnProfile& column : AdultProfile().columns) {
    if (column.kind != ColumnKind::kNumeric) continue;
    std::get<FeatureSelection>(spec.task).forbid.push_back(column.name);
  }
  const ModelShape shape = PlanOf(spec, AdultProfile()).model;
  EXPECT_EQ(TopLayer(shape), 0);
  EXPECT_EQ(shape.top_inputs, 16 + 8 * 7 / 2);
}

TEST(ResolveDlrmTest, SizesOutOfRangeAreNamedOneByOne) {
  Spec spec = Dlrm(SelectFeatures(2), Interaction::kDot);
  spec.model.bottom_units = {{0}};
  spec.model.hidden_units = {{8, 70000}};
  EXPECT_THAT(ViolationsOf(spec, AdultProfile()),
              ElementsAre(Pair("model.dlrm.bottom_units[0]", "must be 1 to 65536, got 0"),
                          Pair("model.dlrm.top_units[1]", "must be 1 to 65536, got 70000")));
}

TEST(ResolveDlrmTest, EmbeddingWidthsNeedConcatenation) {
  Spec spec;
  EmbeddingDimension task;
  task.budget.max_bytes = 10000;
  spec.task = task;
  EXPECT_THAT(MessageAt(Dlrm(spec, Interaction::kDot), AdultProfile(), "embedding_dimension"),
              HasSubstr("interaction: concat"));
  PlanOf(Dlrm(spec, Interaction::kConcat), AdultProfile());
}

TEST(ResolveDlrmTest, BlocksOfEveryLayerByName) {
  Spec spec = Dlrm(PruneBlocks(0.1), Interaction::kDot);
  std::get<BlockPruning>(spec.task).layers = {"dense_3"};
  spec.model.hidden_units = {{512, 256}};
  const Plan plan = PlanOf(spec, ClickProfile());
  EXPECT_EQ(plan.candidates.grid.rows, 367);
  EXPECT_EQ(plan.candidates.grid.columns, 512);
  EXPECT_EQ(plan.candidates.items[0].name, "dense_3[0,0]");
}

TEST(ResolveDlrmTest, SettingsNameWhatTheJobFileNames) {
  const Plan plan = PlanOf(Dlrm(SelectFeatures(2), Interaction::kConcat), AdultProfile());
  const nlohmann::json model = SettingsJson(plan.spec)["model"];
  EXPECT_EQ(model, nlohmann::json({{"dlrm",
                                    {{"bottom_units", {512, 256}},
                                     {"top_units", {512, 256}},
                                     {"embedding_dimension", 16},
                                     {"interaction", "concat"}}}}));
}

}  // namespace
}  // namespace winnow::plan
