#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "nlohmann/json.hpp"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using nlohmann::json;

TEST(SettingsJsonTest, HasTheShapeOfAJobFile) {
  Spec spec = SelectFeatures(6);
  Features(spec).groups = {{"place", {"native-country", "race"}}};
  Features(spec).forbid = {"fnlwgt"};
  spec.training.epochs = 20;
  const json settings = SettingsJson(PlanOf(spec, AdultProfile()).spec);
  EXPECT_EQ(settings["feature_selection"]["budget"], json({{"max_count", 6}}));
  EXPECT_EQ(settings["feature_selection"]["groups"]["place"],
            json::array({"native-country", "race"}));
  EXPECT_EQ(settings["selector"]["sequential_attention"]["steps_per_pick"], 40);
  EXPECT_EQ(settings["model"]["mlp"]["hidden_units"], json::array({64, 32}));
  EXPECT_EQ(settings["training"]["learning_rate"], 0.002);
  EXPECT_EQ(settings["training"]["schedule"], "cosine");
  EXPECT_EQ(settings["evaluation"]["controls"], json::array({"full", "random"}));
  EXPECT_EQ(settings["split"]["kind"], "files");
}

// selection.json is the same whatever the number of threads.
TEST(SettingsJsonTest, LeavesOutWhatTheResultDoesNotDependOn) {
  Spec spec = SelectFeatures(6);
  spec.training.threads = 2;
  spec.resources.priority = 5;
  const json settings = SettingsJson(PlanOf(spec, AdultProfile()).spec);
  EXPECT_EQ(settings["training"].count("threads"), 0u);
  EXPECT_EQ(settings.count("resources"), 0u);
}

TEST(SettingsJsonTest, OtherTasks) {
  const json blocks = SettingsJson(PlanOf(PruneBlocks(0.05), PixelProfile(60000, 784)).spec);
  EXPECT_EQ(blocks["block_pruning"]["block"], json({{"columns", 16}, {"rows", 16}}));
  EXPECT_EQ(blocks["block_pruning"]["layers"], json::array({"dense_0"}));
  const json widths = SettingsJson(PlanOf(SelectDimensions(400), AdultProfile()).spec);
  EXPECT_EQ(widths["embedding_dimension"]["chunk"], 1);
  EXPECT_EQ(widths["embedding_dimension"]["prefix"], true);
}

}  // namespace
}  // namespace winnow::plan
