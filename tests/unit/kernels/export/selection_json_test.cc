#include "kernels/export/selection_json.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/export/run_json.h"

namespace winnow::exporting {
namespace {

using ::testing::HasSubstr;

Selection Example() {
  Selection selection;
  selection.task = "feature_selection";
  selection.selector = "sequential_attention";
  selection.seed = 1;
  selection.candidates = 3;
  selection.names = {"age", "hours", "capital-gain"};
  selection.costs = {Cost{}, Cost{}, Cost{.price = 2.5, .bytes = 8, .flops = 3}};
  selection.picks = {{.candidate = 2, .phase = 0, .score = 0.31, .gain = 0.042},
                     {.candidate = 0, .phase = 1, .score = 0.1, .gain = std::nullopt}};
  selection.budget.max_count = 2;
  selection.spent_count = 2;
  selection.spent_bytes = 8;
  selection.spent_flops = 3;
  selection.spent_price = 3.5;
  selection.metrics["test"]["auc"] = {.value = 0.911, .low = 0.906, .high = 0.916};
  selection.metrics["test"]["gauc"] = {};
  selection.controls["random"]["test"]["auc"] = {.value = 0.8, .low = {}, .high = {}};
  selection.control_details = {{"random", {{"draws", 3}}}};
  selection.curve.push_back({1, {{"test", {{"auc", {.value = 0.7, .low = {}, .high = {}}}}}}});
  selection.settings = {{"training", {{"epochs", 20}}}};
  selection.data = {{"rows", {{"train", 10}}}};
  return selection;
}

TEST(SelectionJsonTest, HasTheShapeOfTheContract) {
  EXPECT_EQ(nlohmann::json(SelectionJson(Example())), nlohmann::json::parse(R"({
    "task": "feature_selection", "selector": "sequential_attention", "seed": 1, "candidates": 3,
    "selected": [
      {"rank": 1, "name": "capital-gain", "phase": 0, "score": 0.31, "gain": 0.042, "cost": 2.5},
      {"rank": 2, "name": "age", "phase": 1, "score": 0.1, "gain": null, "cost": 1.0}],
    "budget": {"max_count": 2}, "spent": {"count": 2, "bytes": 8, "flops": 3, "price": 3.5},
    "stopped_early": false,
    "metrics": {"test": {"auc": {"value": 0.911, "low": 0.906, "high": 0.916},
                         "gauc": {"value": null}}},
    "controls": {"random": {"draws": 3, "test": {"auc": {"value": 0.8}}}},
    "curve": [{"k": 1, "test": {"auc": {"value": 0.7}}}],
    "warnings": [], "settings": {"training": {"epochs": 20}}, "data": {"rows": {"train": 10}}})"));
}

TEST(SelectionJsonTest, TasksAddTheirOwnSections) {
  Selection selection = Example();
  EXPECT_FALSE(SelectionJson(selection).contains("dimensions"));
  EXPECT_FALSE(SelectionJson(selection).contains("layers"));
  selection.task = "embedding_dimension";
  selection.dimensions = {{"occupation", 3}};
  EXPECT_EQ(SelectionJson(selection)["dimensions"].dump(), R"({"occupation":3})");
  selection.task = "block_pruning";
  selection.layers = {{"dense_0", 16, 8, 100, 5, 0.05, 0.75}};
  EXPECT_EQ(SelectionJson(selection)["layers"].dump(),
            R"([{"name":"dense_0","block":[16,8],"blocks":100,"kept":5,"density":0.05,)"
            R"("logit_stddev":0.75}])");
}

TEST(SelectionJsonTest, TuningTellsEveryValueThatWasTried) {
  Selection selection = Example();
  EXPECT_FALSE(SelectionJson(selection).contains("tuning"));
  selection.tuning = {.parameter = "weight_decay", .chosen = 30, .tried = {{1, 0.5}, {30, {}}}};
  EXPECT_EQ(SelectionJson(selection)["tuning"].dump(),
            R"({"parameter":"weight_decay","chosen":30.0,"tried":[{"value":1.0,)"
            R"("validation_loss":0.5},{"value":30.0,"validation_loss":null}]})");
}

TEST(SelectionJsonTest, DoublesReadBackEqualAndUndefinedOnesAreNull) {
  Selection selection = Example();
  const double third = 1.0 / 3;
  selection.metrics["test"]["auc"].value = third;
  selection.picks[0].score = std::numeric_limits<double>::infinity();
  const std::string text = FormatJson(SelectionJson(selection));
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["metrics"]["test"]["auc"]["value"].get<double>(), third);
  EXPECT_THAT(text, HasSubstr("0.3333333333333333,"));
  EXPECT_TRUE(json["selected"][0]["score"].is_null());
}

TEST(SelectionJsonTest, NamesThatAreNotUtf8AreReplaced) {
  Selection selection = Example();
  selection.names[2] = "caf\xe9";
  EXPECT_THAT(FormatJson(SelectionJson(selection)), HasSubstr("caf\xef\xbf\xbd"));
}

TEST(RunJsonTest, MergedResultPutsTheJobFirstAndTimingLast) {
  const auto run = RunJson({.job = "tenants/default/jobs/j1",
                            .attempt = 2,
                            .threads = 3,
                            .import_s = std::nullopt,
                            .select_s = 1.5});
  EXPECT_TRUE(run["timing"]["import_s"].is_null());
  const auto merged = MergedResult(SelectionJson(Example()), run);
  EXPECT_EQ(merged.begin().key(), "job");
  EXPECT_EQ(merged["seed"], 1);
  EXPECT_EQ(merged["attempt"], 2);
  EXPECT_EQ(merged["timing"]["select_s"], 1.5);
}

TEST(RunJsonTest, MeasuredLatenciesStandWithTheirLayer) {
  Selection selection = Example();
  selection.task = "block_pruning";
  selection.layers = {{.name = "dense_0", .kept = 3}, {.name = "dense_1", .kept = 5}};
  RunRecord record;
  record.layers = {{.name = "dense_1", .rows = 128, .dense_us = 90.5, .pruned_us = 11.0}};
  const auto merged = MergedResult(SelectionJson(selection), RunJson(record));
  ASSERT_EQ(merged["layers"].size(), 2u);
  EXPECT_FALSE(merged["layers"][0].contains("latency_us"));
  EXPECT_EQ(merged["layers"][1]["kept"], 5);
  EXPECT_EQ(merged["layers"][1]["latency_us"]["dense"], 90.5);
  EXPECT_EQ(merged["layers"][1]["latency_us"]["pruned"], 11.0);
  EXPECT_EQ(merged["layers"][1]["latency_us"]["rows"], 128);
}

}  // namespace
}  // namespace winnow::exporting
