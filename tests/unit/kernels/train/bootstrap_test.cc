#include "kernels/train/bootstrap.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::train {
namespace {

// Rows of a model whose accuracy is `accuracy` in the mean.
ScoredRows Draw(int rows, double accuracy, uint64_t seed) {
  const RngStream stream(seed, "rows");
  ScoredRows drawn;
  for (int i = 0; i < rows; ++i) {
    const bool positive = stream.Uniform(4 * i) < 0.4;
    const bool right = stream.Uniform(4 * i + 1) < accuracy;
    const double size = 0.1 + stream.Uniform(4 * i + 2);
    drawn.label.push_back(positive ? 1.0f : 0.0f);
    drawn.score.push_back(static_cast<float>(positive == right ? size : -size));
  }
  return drawn;
}

TEST(BootstrapTest, SameBytesForAnyPool) {
  const ScoredRows rows = Draw(501, 0.7, 1);
  const MetricTable table = *MetricTable::Make(rows, {"auc", "log_loss"});
  ShardPool one(1), three(3, nullptr, {.enabled = true, .seed = 5});
  const MetricSamples a = *Bootstrap(table, {.samples = 50, .seed = 9}, one);
  const MetricSamples b = *Bootstrap(table, {.samples = 50, .seed = 9}, three);
  const MetricSamples other = *Bootstrap(table, {.samples = 50, .seed = 10}, one);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_NE(a.samples, other.samples);
}

TEST(BootstrapTest, IntervalOfTheAccuracyCoversTheTruthAsOftenAsItSays) {
  // 95 % intervals of 200 data sets: the number that cover is Binomial(200, .95) up to the error of
  // the method; 178 and 199 are four standard deviations away.
  ShardPool pool(1);
  int covered = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const ScoredRows rows = Draw(400, 0.8, seed);
    const MetricTable table = *MetricTable::Make(rows, {"accuracy"});
    const MetricSamples samples = *Bootstrap(table, {.samples = 400, .seed = 1000 + seed}, pool);
    const MetricValue value = MeanOf({&samples, 1}, 0.95).at("accuracy");
    covered += *value.low <= 0.8 && 0.8 <= *value.high;
  }
  EXPECT_GE(covered, 178);
  EXPECT_LE(covered, 199);
}

TEST(BootstrapTest, SpreadOfTheMeanIsTheStandardError) {
  const ScoredRows rows = Draw(2000, 0.7, 3);
  ShardPool pool(1);
  const MetricTable table = *MetricTable::Make(rows, {"accuracy"});
  const MetricSamples samples = *Bootstrap(table, {.samples = 2000, .seed = 4}, pool);
  double mean = 0, square = 0;
  for (const double s : samples.samples[0]) mean += s / 2000;
  for (const double s : samples.samples[0]) square += (s - mean) * (s - mean) / 2000;
  const double p = *samples.values[0];
  // The error of an estimated standard deviation from 2,000 draws is 1/sqrt(4000) = 1.6 %; five of
  // them allowed.
  EXPECT_NEAR(std::sqrt(square) / std::sqrt(p * (1 - p) / 2000), 1.0, 0.08);
}

TEST(BootstrapTest, MeanOverDrawsAveragesValuesAndReplicates) {
  MetricSamples a{{"auc"}, {0.6}, {{0.5, 0.6, 0.7}}};
  MetricSamples b{{"auc"}, {0.8}, {{0.7, 0.8, 0.9}}};
  const MetricSamples both[] = {a, b};
  const MetricValue value = MeanOf(both, 1.0).at("auc");
  EXPECT_DOUBLE_EQ(*value.value, 0.7);
  EXPECT_DOUBLE_EQ(*value.low, 0.6);
  EXPECT_DOUBLE_EQ(*value.high, 0.8);
}

TEST(BootstrapTest, UndefinedValuesAndReplicatesGiveNoInterval) {
  const double nan = std::nan("");
  const MetricSamples undefined{{"auc"}, {std::nullopt}, {{nan, nan}}};
  EXPECT_FALSE(MeanOf({&undefined, 1}, 0.95).at("auc").value);
  const MetricSamples rare{{"auc"}, {0.5}, {{0.5, nan, nan}}};
  EXPECT_TRUE(MeanOf({&rare, 1}, 0.95).at("auc").value);
  EXPECT_FALSE(MeanOf({&rare, 1}, 0.95).at("auc").low);
}

TEST(BootstrapTest, NoSamplesOrNoRowsGiveNoInterval) {
  ShardPool pool(1);
  const ScoredRows some = Draw(50, 0.7, 1), none;
  for (const ScoredRows* rows : {&some, &none}) {
    const MetricTable table = *MetricTable::Make(*rows, {"accuracy"});
    const MetricSamples samples = *Bootstrap(table, {.samples = rows == &some ? 0 : 20}, pool);
    EXPECT_FALSE(MeanOf({&samples, 1}, 0.95).at("accuracy").low);
  }
}

TEST(QuantileTest, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> sorted = {1, 2, 4};
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0.5), 2);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0.75), 3);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 1), 4);
}

}  // namespace
}  // namespace winnow::train
