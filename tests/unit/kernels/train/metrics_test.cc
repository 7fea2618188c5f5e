#include "kernels/train/metrics.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::train {
namespace {

using ::testing::HasSubstr;

std::optional<double> Value(const ScoredRows& rows, const std::string& name,
                            const std::vector<uint8_t>& counts = {}) {
  return MetricTable::Make(rows, {name})->Evaluate(counts)[0];
}

float Logit(double p) { return static_cast<float>(std::log(p / (1 - p))); }

ScoredRows Binary(std::vector<float> score, std::vector<float> label) {
  ScoredRows rows;
  rows.score = std::move(score);
  rows.label = std::move(label);
  return rows;
}

TEST(MetricsTest, BinaryValuesByHand) {
  const ScoredRows rows = Binary({Logit(0.9), Logit(0.2), Logit(0.6), Logit(0.3)}, {1, 0, 0, 1});
  const double loss = -(std::log(0.9) + std::log(0.8) + std::log(0.4) + std::log(0.3)) / 4;
  EXPECT_NEAR(*Value(rows, "log_loss"), loss, 1e-6);
  EXPECT_NEAR(*Value(rows, "normalized_entropy"), loss / std::log(2.0), 1e-6);
  EXPECT_DOUBLE_EQ(*Value(rows, "accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(*Value(rows, "auc"), 3.0 / 4);
  // Four rows fall into four bins: the mean of |p - y|.
  EXPECT_NEAR(*Value(rows, "calibration_error"), (0.1 + 0.2 + 0.6 + 0.7) / 4, 1e-6);
}

TEST(MetricsTest, LogLossSurvivesExtremeLogits) {
  EXPECT_NEAR(*Value(Binary({1e4f, -1e4f}, {0, 0}), "log_loss"), 5000, 1e-3);
}

TEST(MetricsTest, MulticlassValuesByHand) {
  ScoredRows rows;
  rows.target = TargetKind::kMulticlass;
  rows.label = {0, 1, 2, 1};
  rows.score = {std::log(0.5f), std::log(0.2f), std::log(0.7f), std::log(0.1f)};
  rows.predicted = {0, 2, 2, 0};
  rows.confidence = {0.5f, 0.5f, 0.7f, 0.8f};
  const double loss = -(std::log(0.5) + std::log(0.2) + std::log(0.7) + std::log(0.1)) / 4;
  EXPECT_NEAR(*Value(rows, "log_loss"), loss, 1e-6);
  EXPECT_DOUBLE_EQ(*Value(rows, "accuracy"), 0.5);
  EXPECT_NEAR(*Value(rows, "normalized_entropy"), loss / (1.5 * std::log(2.0)), 1e-6);
  // One bin a distinct confidence: 0.5 twice (one right of two), 0.7 (right), 0.8 (wrong).
  EXPECT_NEAR(*Value(rows, "calibration_error"), (0.0 + 0.3 + 0.8) / 4, 1e-6);
  EXPECT_FALSE(Value(rows, "auc"));
  EXPECT_FALSE(Value(rows, "rmse"));
}

TEST(MetricsTest, RegressionValuesByHand) {
  ScoredRows rows;
  rows.target = TargetKind::kRegression;
  rows.score = {1, 2, 5};
  rows.label = {2, 2, 3};
  EXPECT_NEAR(*Value(rows, "rmse"), std::sqrt(5.0 / 3), 1e-12);
  EXPECT_NEAR(*Value(rows, "mae"), 1.0, 1e-12);
  const double mean = 7.0 / 3;
  const double spread = 2 * (2 - mean) * (2 - mean) + (3 - mean) * (3 - mean);
  EXPECT_NEAR(*Value(rows, "r2"), 1 - 5 / spread, 1e-12);
  EXPECT_FALSE(Value(rows, "auc"));
}

TEST(MetricsTest, WeightsAndCountsRepeatRows) {
  const std::vector<std::string> names = {"auc", "log_loss", "normalized_entropy",
                                          "calibration_error", "accuracy"};
  ScoredRows weighted = Binary({0.3f, -1.2f, 2.0f, 0.1f, -0.4f}, {1, 0, 1, 0, 1});
  weighted.weight = {1, 2, 1, 1, 3};
  const ScoredRows repeated =
      Binary({0.3f, 0.3f, -1.2f, -1.2f, 0.1f, -0.4f, -0.4f, -0.4f}, {1, 1, 0, 0, 0, 1, 1, 1});
  const std::vector<uint8_t> counts = {2, 1, 0, 1, 1};
  const auto left = MetricTable::Make(weighted, names)->Evaluate(counts);
  const auto right = MetricTable::Make(repeated, names)->Evaluate();
  for (size_t m = 0; m < names.size(); ++m) EXPECT_NEAR(*left[m], *right[m], 1e-12) << names[m];
}

TEST(MetricsTest, UndefinedMetricsHaveNoValue) {
  const ScoredRows one_class = Binary({0.5f, -0.5f}, {1, 1});
  EXPECT_FALSE(Value(one_class, "auc"));
  EXPECT_FALSE(Value(one_class, "normalized_entropy"));
  EXPECT_FALSE(Value(one_class, "gauc"));
  EXPECT_TRUE(Value(one_class, "log_loss"));
  for (const char* name : {"auc", "log_loss", "accuracy", "calibration_error"}) {
    EXPECT_FALSE(Value(Binary({}, {}), name)) << name;
  }
  ScoredRows constant;
  constant.target = TargetKind::kRegression;
  constant.score = {1, 2};
  constant.label = {3, 3};
  EXPECT_FALSE(Value(constant, "r2"));
  EXPECT_TRUE(Value(constant, "rmse"));
}

TEST(MetricsTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  const auto table = MetricTable::Make(Binary({1}, {1}), {"auc", "f1"});
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("unknown metric 'f1', known: auc"));
}

TEST(CalibrationTest, BinsHoldEqualWeightAndTiesStayTogether) {
  // 30 rows of probability 1/2, half of them positive, and 30 of nearly 1, all positive:
  // calibrated.
  std::vector<float> score, label;
  for (int i = 0; i < 60; ++i) {
    score.push_back(i < 30 ? 0.0f : 40.0f);
    label.push_back(i < 30 ? static_cast<float>(i % 2) : 1.0f);
  }
  EXPECT_NEAR(*Value(Binary(score, label), "calibration_error"), 0.0, 1e-7);
}

}  // namespace
}  // namespace winnow::train
