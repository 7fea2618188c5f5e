#include "client/cli/report_page.h"

#include "client/cli/report_chart.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ResultJson SomeResult() {
  return ResultJson::parse(R"({
    "job": "tenants/default/jobs/j1", "task": "feature_selection", "selector": "sequential_attention",
    "seed": 1, "candidates": 13,
    "selected": [{"rank": 1, "name": "capital-gain", "phase": 0, "score": 0.31, "gain": 0.042},
                 {"rank": 2, "name": "<b>age & more</b>", "phase": 1, "score": null}],
    "spent": {"count": 2, "bytes": 1234, "flops": 5678},
    "metrics": {"test": {"auc": {"value": 0.9114, "low": 0.906, "high": 0.916},
                         "log_loss": {"value": null}}},
    "controls": {"full": {"test": {"auc": {"value": 0.92}}},
                 "random": {"draws": 3, "test": {"auc": {"value": 0.85}}}},
    "curve": [{"k": 1, "test": {"auc": {"value": 0.8}}}, {"k": 2, "test": {"auc": {"value": 0.9114}}}],
    "warnings": ["id looks like a key"], "settings": {"training": {"epochs": 20}}})");
}

TEST(ReportPageTest, ShowsPicksQualityCurveAndSettings) {
  const std::string page = ReportPage(SomeResult());
  EXPECT_THAT(page, AllOf(HasSubstr("<h1>feature selection: 2 of 13</h1>"),
                          HasSubstr("1. capital-gain"), HasSubstr("tenants/default/jobs/j1"),
                          HasSubstr("0.9114<br><small>0.9060 to 0.9160</small>"),
                          HasSubstr("random (mean of 3)"), HasSubstr("test auc against size"),
                          HasSubstr("<svg"), HasSubstr("id looks like a key"),
                          HasSubstr("1,234 bytes"), HasSubstr("&quot;epochs&quot;: 20")));
}

TEST(ReportPageTest, ShowsHowAlikeRepeatsAre) {
  ResultJson result = SomeResult();
  EXPECT_THAT(ReportPage(result), Not(HasSubstr("Stability")));
  result["repeats"] = ResultJson::parse(
      R"({"count": 4, "jaccard": 0.61, "kuncheva": 0.55,
          "frequency": [{"name": "capital-gain", "times": 3, "frequency": 0.75}]})");
  EXPECT_THAT(ReportPage(result),
              AllOf(HasSubstr("Stability"), HasSubstr("4 selections"), HasSubstr("Jaccard 0.61"),
                    HasSubstr("Kuncheva index 0.55"), HasSubstr("0.75")));
}

TEST(ReportPageTest, IsSelfContainedAndEscapesWhatTheDataSays) {
  const std::string page = ReportPage(SomeResult());
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;age &amp; more&lt;/b&gt;"));
  EXPECT_THAT(page,
              AllOf(Not(HasSubstr("<b>")), Not(HasSubstr("http")), Not(HasSubstr("<script"))));
  EXPECT_EQ(EscapeHtml("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
}

TEST(ReportPageTest, LeavesOutWhatTheResultDoesNotHave) {
  const std::string page = ReportPage(ResultJson::parse(
      R"({"task": "block_pruning", "selector": "magnitude", "seed": 1, "candidates": 100,
          "selected": [], "layers": [{"name": "dense_0", "blocks": 100, "kept": 5, "density": 0.05}],
          "metrics": {"validation": {"accuracy": {"value": 0.9}}}})"));
  EXPECT_THAT(page, AllOf(HasSubstr("dense_0"), HasSubstr("Quality on validation rows"),
                          Not(HasSubstr("<svg")), Not(HasSubstr("Picks")), Not(HasSubstr("Spent")),
                          Not(HasSubstr("Settings"))));
}

TEST(ReportChartTest, PointsLieInsideThePictureAndCloseNamesDoNotOverlap) {
  const std::string svg =
      ChartSvg({"auc", {{1, 0.5}, {100, 0.9}}, {{"full", 0.9}, {"also full", 0.9001}}});
  EXPECT_THAT(svg, AllOf(HasSubstr("cx=\"56.0\""), HasSubstr("cx=\"604.0\"")));
  // Both names are there, a line apart.
  EXPECT_THAT(svg, AllOf(HasSubstr(">full<"), HasSubstr(">also full<")));
  EXPECT_THAT(svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

TEST(ReportChartTest, OneLevelAndOneSizeHaveARange) {
  EXPECT_THAT(ChartSvg({"auc", {{3, 0.5}, {3, 0.5}}, {}}),
              AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

}  // namespace
}  // namespace winnow::cli
