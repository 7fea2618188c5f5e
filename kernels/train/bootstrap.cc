#include "kernels/train/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/train/block_metrics.h"

namespace winnow::train {
namespace {

// Rows of replicates between two checks: about 30 ns each.
constexpr int64_t kRowsPerCheck = 4'000'000;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// P(Poisson(1) <= k) * 2^32; the chance of more than 11 is 8e-10, below what 32 bits resolve well.
std::array<uint32_t, 11> PoissonThresholds() {
  std::array<uint32_t, 11> thresholds{};
  double term = std::exp(-1.0), cumulative = 0;
  for (size_t k = 0; k < thresholds.size(); ++k) {
    cumulative += term;
    thresholds[k] = static_cast<uint32_t>(std::min(cumulative * 0x1.0p32, 4294967295.0));
    term /= static_cast<double>(k + 1);
  }
  return thresholds;
}

uint8_t PoissonCount(uint32_t bits, const std::array<uint32_t, 11>& thresholds) {
  uint8_t count = 0;
  for (const uint32_t threshold : thresholds) count += bits >= threshold ? 1 : 0;
  return count;
}

// Counts of replicate `sample`: one 64-bit draw serves two rows.
void DrawCounts(const RngStream& stream, int sample, std::span<uint8_t> counts) {
  static const std::array<uint32_t, 11> thresholds = PoissonThresholds();
  const uint64_t draws = (counts.size() + 1) / 2;
  const uint64_t base = static_cast<uint64_t>(sample) * draws;
  for (size_t i = 0; i < counts.size(); i += 2) {
    const uint64_t bits = stream.Bits(base + i / 2);
    counts[i] = PoissonCount(static_cast<uint32_t>(bits), thresholds);
    if (i + 1 < counts.size()) {
      counts[i + 1] = PoissonCount(static_cast<uint32_t>(bits >> 32), thresholds);
    }
  }
}

MetricValue Summary(std::span<const MetricSamples> models, size_t metric, double confidence_level) {
  MetricValue summary;
  double mean = 0;
  for (const MetricSamples& model : models) {
    if (!model.values[metric]) return summary;
    mean += *model.values[metric] / static_cast<double>(models.size());
  }
  summary.value = mean;
  if (models[0].names[metric] == "calibration_error") return summary;
  const size_t samples = models[0].samples[metric].size();
  std::vector<double> replicates;
  for (size_t s = 0; s < samples; ++s) {
    double sum = 0;
    for (const MetricSamples& model : models) sum += model.samples[metric][s];
    if (std::isfinite(sum)) replicates.push_back(sum / static_cast<double>(models.size()));
  }
  if (replicates.empty() || 2 * replicates.size() < samples) return summary;
  std::sort(replicates.begin(), replicates.end());
  summary.low = Quantile(replicates, (1 - confidence_level) / 2);
  summary.high = Quantile(replicates, (1 + confidence_level) / 2);
  return summary;
}

}  // namespace

double Quantile(std::span<const double> sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

absl::StatusOr<MetricSamples> Bootstrap(const MetricTable& table, const BootstrapOptions& options,
                                        ShardPool& pool,
                                        const std::function<absl::Status()>& check) {
  MetricSamples result;
  result.names = table.names();
  result.values = table.Evaluate();
  result.samples.assign(result.names.size(), std::vector<double>(options.samples, kUndefined));
  if (table.rows() == 0) return result;
  const RngStream stream(options.seed, "bootstrap");
  std::optional<BlockMetrics> blocks;
  if (table.rows() > kExactRows && options.samples > 0) blocks.emplace(table, kBootstrapBlocks);
  const int64_t counted = blocks ? kBootstrapBlocks : table.rows();
  const int64_t threads = pool.threads();
  const auto group = static_cast<int>(std::max(threads, threads * kRowsPerCheck / table.rows()));
  for (int first = 0; first < options.samples; first += group) {
    if (check) RETURN_IF_ERROR(check());
    const auto replicate = [&](int task, int) {
      std::vector<uint8_t> counts(static_cast<size_t>(counted));
      DrawCounts(stream, first + task, counts);
      const std::vector<std::optional<double>> values =
          blocks ? blocks->Evaluate(counts) : table.Evaluate(counts);
      for (size_t m = 0; m < values.size(); ++m) {
        result.samples[m][first + task] = values[m].value_or(kUndefined);
      }
    };
    pool.Run(std::min(group, options.samples - first), replicate);
  }
  return result;
}

Metrics MeanOf(std::span<const MetricSamples> models, double confidence_level) {
  Metrics metrics;
  for (size_t m = 0; m < models[0].names.size(); ++m) {
    metrics[models[0].names[m]] = Summary(models, m, confidence_level);
  }
  return metrics;
}

}  // namespace winnow::train
