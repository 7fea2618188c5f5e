#include "kernels/train/block_metrics.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/base/shard_pool.h"
#include "kernels/train/bootstrap.h"

namespace winnow::train {
namespace {

// Scores in steps of .1, so that there are ties; weights and groups of 1 to some 20 rows.
ScoredRows Draw(TargetKind kind, int rows) {
  const RngStream random(7, "rows");
  ScoredRows drawn;
  drawn.target = kind;
  for (int i = 0; i < rows; ++i) {
    const auto at = static_cast<uint64_t>(4 * i);
    drawn.weight.push_back(0.5f + static_cast<float>(random.Uniform(at)));
    drawn.group.push_back(static_cast<int32_t>(random.Below(at + 1, rows / 10)));
    const double z = random.Normal(at + 2);
    const double noise = random.Normal(at + 3);
    if (kind == TargetKind::kRegression) {
      drawn.label.push_back(static_cast<float>(100 + 5 * (z + 0.5 * noise)));
      drawn.score.push_back(static_cast<float>(100 + 5 * z));
    } else if (kind == TargetKind::kBinary) {
      drawn.label.push_back(z + noise > 0.8 ? 1.0f : 0.0f);
      drawn.score.push_back(static_cast<float>(std::round(10 * z) / 10));
    } else {
      const int label = z < -0.5 ? 0 : z < 1 ? 1 : 2;
      drawn.label.push_back(static_cast<float>(label));
      drawn.score.push_back(static_cast<float>(-0.2 - std::abs(noise)));
      drawn.predicted.push_back(noise > 1 ? 0 : label);
      drawn.confidence.push_back(0.7f);
    }
  }
  return drawn;
}

const std::vector<std::string> kAll = {"auc",      "gauc", "log_loss", "normalized_entropy",
                                       "accuracy", "rmse", "mae",      "r2"};

// Poisson-like counts of a replicate.
std::vector<uint8_t> Counts(size_t size, uint64_t seed) {
  const RngStream random(seed, "counts");
  std::vector<uint8_t> counts(size);
  for (size_t i = 0; i < size; ++i) {
    const double u = random.Uniform(i);
    counts[i] = u < 0.37 ? 0 : u < 0.74 ? 1 : u < 0.92 ? 2 : 3;
  }
  return counts;
}

TEST(BlockMetricsTest, BlocksOfOneRowAreTheRowsUpToWhatFirstOrderLeavesOut) {
  constexpr int kRows = 20000;
  for (const TargetKind kind :
       {TargetKind::kBinary, TargetKind::kMulticlass, TargetKind::kRegression}) {
    const ScoredRows rows = Draw(kind, kRows);
    const MetricTable table = *MetricTable::Make(rows, kAll);
    const BlockMetrics blocks(table, kRows);
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const std::vector<uint8_t> counts = Counts(kRows, seed);
      const auto exact = table.Evaluate(counts), found = blocks.Evaluate(counts);
      for (size_t m = 0; m < kAll.size(); ++m) {
        ASSERT_EQ(exact[m].has_value(), found[m].has_value()) << kAll[m];
        if (!exact[m]) continue;
        // Means are exact; the spread of a replicate is some 1 / sqrt(20000) = 7e-3.
        const bool first_order = kAll[m] == "auc" || kAll[m] == "normalized_entropy";
        EXPECT_NEAR(*found[m], *exact[m], first_order ? 10.0 / kRows : 1e-7) << kAll[m];
      }
    }
  }
}

TEST(BlockMetricsTest, CountsOfOneGiveTheMetricItself) {
  const ScoredRows rows = Draw(TargetKind::kBinary, 5003);
  const MetricTable table = *MetricTable::Make(rows, kAll);
  const BlockMetrics blocks(table, 64);
  const auto exact = table.Evaluate();
  const auto found = blocks.Evaluate(std::vector<uint8_t>(64, 1));
  for (size_t m = 0; m < kAll.size(); ++m) {
    if (!exact[m]) continue;
    EXPECT_NEAR(*found[m], *exact[m], 1e-6) << kAll[m];
  }
}

TEST(BlockMetricsTest, OneClassAloneHasNoArea) {
  ScoredRows rows = Draw(TargetKind::kBinary, 100);
  for (float& label : rows.label) label = 1;
  const MetricTable table = *MetricTable::Make(rows, {"auc", "log_loss"});
  const auto found = BlockMetrics(table, 10).Evaluate(std::vector<uint8_t>(10, 1));
  EXPECT_FALSE(found[0]);
  EXPECT_TRUE(found[1]);
}

// Standard deviation of the replicates of one metric on many rows.
double Spread(const ScoredRows& rows, const std::string& metric) {
  ShardPool pool(1);
  const MetricTable table = *MetricTable::Make(rows, {metric});
  const MetricSamples samples = *Bootstrap(table, {.samples = 1000, .seed = 3}, pool);
  double mean = 0, square = 0;
  for (const double s : samples.samples[0]) mean += s / 1000;
  for (const double s : samples.samples[0]) square += (s - mean) * (s - mean) / 1000;
  EXPECT_NEAR(mean, *samples.values[0], 5 * std::sqrt(square / 1000));
  return std::sqrt(square);
}

TEST(BlockBootstrapTest, SpreadOnManyRowsIsTheStandardError) {
  constexpr int kRows = 150'000;
  static_assert(kRows > kExactRows);
  ScoredRows rows = Draw(TargetKind::kBinary, kRows);
  rows.weight.clear();
  double right = 0, positives = 0;
  for (int i = 0; i < kRows; ++i) {
    right += (rows.score[i] > 0) == (rows.label[i] > 0.5f) ? 1.0 / kRows : 0;
    positives += rows.label[i];
  }
  // 2.2 % from 1,000 replicates, .6 % from the number of blocks: five of them allowed.
  EXPECT_NEAR(Spread(rows, "accuracy") / std::sqrt(right * (1 - right) / kRows), 1, 0.12);

  // Variance of the AUC by DeLong: of the placements, from scores on a grid of .1.
  std::vector<double> pos(200), neg(200);
  const auto cell = [&](int i) {
    return static_cast<size_t>(std::lround(10 * rows.score[i]) + 100);
  };
  for (int i = 0; i < kRows; ++i) (rows.label[i] > 0.5f ? pos : neg)[cell(i)] += 1;
  const double negatives = kRows - positives;
  double below = 0, above = positives, wins = 0, wins2 = 0, losses = 0, losses2 = 0;
  for (size_t c = 0; c < pos.size(); ++c) {
    above -= pos[c];
    const double v = (below + neg[c] / 2) / negatives, u = (above + pos[c] / 2) / positives;
    wins += pos[c] * v / positives, wins2 += pos[c] * v * v / positives;
    losses += neg[c] * u / negatives, losses2 += neg[c] * u * u / negatives;
    below += neg[c];
  }
  const double variance =
      (wins2 - wins * wins) / positives + (losses2 - losses * losses) / negatives;
  EXPECT_NEAR(Spread(rows, "auc") / std::sqrt(variance), 1, 0.12);
}

TEST(BlockBootstrapTest, SameBytesForAnyPool) {
  const ScoredRows rows = Draw(TargetKind::kBinary, 70'000);
  const MetricTable table = *MetricTable::Make(rows, {"auc", "gauc", "log_loss"});
  ShardPool one(1), three(3, nullptr, {.enabled = true, .seed = 5});
  EXPECT_EQ(Bootstrap(table, {.samples = 20, .seed = 9}, one)->samples,
            Bootstrap(table, {.samples = 20, .seed = 9}, three)->samples);
}

}  // namespace
}  // namespace winnow::train
