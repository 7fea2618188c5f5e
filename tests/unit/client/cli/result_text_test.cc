#include "client/cli/result_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ResultJson Example() {
  return MergeResult(ResultJson::parse(R"({
    "task": "feature_selection", "selector": "sequential_attention", "seed": 1, "candidates": 14,
    "selected": [
      {"rank": 1, "name": "capital-gain", "phase": 0, "score": 0.31204, "gain": 0.0421, "cost": 1.0},
      {"rank": 2, "name": "a \"b\", c", "phase": 1, "score": 1e-7, "gain": null, "cost": 2.5}],
    "spent": {"count": 2, "bytes": 1234, "flops": 5678, "price": 3.5},
    "stopped_early": false,
    "metrics": {"validation": {"auc": {"value": 0.9}},
                "test": {"auc": {"value": 0.91123, "low": 0.90611, "high": 0.91634},
                         "log_loss": {"value": null}}},
    "controls": {"full": {"test": {"auc": {"value": 0.92, "low": 0.915, "high": 0.925}}},
                 "random": {"draws": 3, "test": {"auc": {"value": 0.8}}}},
    "curve": [{"k": 1, "test": {"auc": {"value": 0.7}}}, {"k": 2, "test": {"auc": {"value": 0.91}}}],
    "warnings": ["the logits did not move"]})"),
                     ResultJson::parse(R"({"job": "tenants/t/jobs/j", "seed": 9, "threads": 2,
                       "timing": {"select_s": 3.2, "retrain_s": 75, "samples_per_s": 41234.4}})"));
}

TEST(ResultTextTest, MergesRunBehindSelection) {
  const ResultJson result = Example();
  EXPECT_EQ(result.begin().key(), "job");
  EXPECT_EQ(result["seed"], 1);
  EXPECT_EQ(result["threads"], 2);
}

TEST(ResultTextTest, PrintsPicksQualityCurveAndCost) {
  EXPECT_EQ(ResultText(Example()),
            "feature_selection by sequential_attention, seed 1: 2 of 14 candidates\n"
            "tenants/t/jobs/j\n"
            "\n"
            "RANK  SELECTED          SCORE     GAIN\n"
            "   1  capital-gain     0.3120  0.04210\n"
            "   2  a \"b\", c      1.000e-07        -\n"
            "\n"
            "MODEL                              TEST AUC  TEST LOG_LOSS\n"
            "selected            0.9112 [0.9061, 0.9163]              -\n"
            "full                0.9200 [0.9150, 0.9250]              -\n"
            "random (mean of 3)                   0.8000              -\n"
            "\n"
            "SIZE  TEST AUC\n"
            "   1    0.7000\n"
            "   2    0.9100\n"
            "\n"
            "spent: 2 candidates, 1,234 bytes, 5,678 multiply-adds a row\n"
            "time: selection 3.2 s, retraining 1:15, 41,234 rows/s\n"
            "warning: the logits did not move\n");
}

TEST(ResultTextTest, PrintsHowAlikeTheRepeatsAre) {
  ResultJson result = Example();
  result["repeats"] = ResultJson::parse(R"({"count": 3, "jaccard": 0.6667, "kuncheva": 0.75,
    "frequency": [{"name": "capital-gain", "times": 3, "frequency": 1.0},
                  {"name": "age", "times": 2, "frequency": 0.6667}],
    "selections": [{"seed": 1, "selected": ["capital-gain", "age"]}]})");
  EXPECT_THAT(ResultText(result),
              HasSubstr("\nrepeats: 3 selections, Jaccard 0.6667, Kuncheva 0.7500\n"
                        "CANDIDATE     TIMES  FREQUENCY\n"
                        "capital-gain      3      1.000\n"
                        "age               2     0.6667\n"));
  result["repeats"]["jaccard"] = nullptr;
  EXPECT_THAT(ResultText(result), HasSubstr("3 selections, Jaccard -, Kuncheva 0.7500"));
}

TEST(ResultTextTest, PrintsWhatWasTuned) {
  ResultJson result = Example();
  result["tuning"] = ResultJson::parse(R"({"parameter": "weight_decay", "chosen": 30.0, "tried": [
    {"value": 1.0, "validation_loss": 0.41}, {"value": 30.0, "validation_loss": 0.385}]})");
  EXPECT_THAT(ResultText(result),
              HasSubstr("\nweight_decay 30, of 1, 30 by validation loss 0.4100, 0.3850 after "
                        "retraining\n"));
}

TEST(ResultTextTest, CsvHasFullNumbersAndQuotes) {
  EXPECT_EQ(ResultCsv(Example()),
            "rank,name,phase,score,gain,cost\n"
            "1,capital-gain,0,0.31204,0.0421,1.0\n"
            "2,\"a \"\"b\"\", c\",1,1e-07,,2.5\n");
}

TEST(ResultTextTest, NamesAloneAreOneALine) {
  EXPECT_EQ(ResultNames(Example()), "capital-gain\na \"b\", c\n");
}

TEST(ResultTextTest, OtherTasksShowTheirOwnParts) {
  const ResultJson result = ResultJson::parse(R"({"task": "block_pruning", "selected": [],
    "dimensions": {"occupation": 5},
    "layers": [{"name": "dense_0", "block": [16, 16], "blocks": 1225, "kept": 61, "density": 0.0498,
                "latency_us": {"dense": 310.5, "pruned": 24.25}}],
    "metrics": {"validation": {"accuracy": {"value": 0.97}}}})");
  const std::string text = ResultText(result);
  EXPECT_THAT(text, HasSubstr("occupation           5\n"));
  EXPECT_THAT(text, HasSubstr("dense_0  16 x 16    61   1,225  0.04980     310.5      24.25\n"));
  EXPECT_THAT(text, HasSubstr("VALIDATION ACCURACY"));
  EXPECT_THAT(text, Not(HasSubstr("RANK")));
}

TEST(ResultTextTest, AResultWithWrongPartsDoesNotStopTheOthers) {
  const ResultJson result = ResultJson::parse(
      R"({"selected": {"rank": 1}, "metrics": [], "controls": 3, "curve": {}, "layers": {}})");
  EXPECT_THAT(ResultText(result), HasSubstr("candidates"));
}

}  // namespace
}  // namespace winnow::cli
