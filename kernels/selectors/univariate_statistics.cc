#include "kernels/selectors/univariate_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

namespace winnow::selectors {
namespace {

// Share of the variance that is never taken as explained, so that F stays finite.
constexpr double kLeastUnexplained = 1e-12;
// Least expected count of a cell for which a statistic of counts can be trusted (Cochran 1954).
constexpr int64_t kRowsPerCell = 5;

double FOfEta2(double eta2, double n, double groups) {
  const double explained = std::clamp(eta2, 0.0, 1.0 - kLeastUnexplained);
  if (n <= groups) return 0.0;
  return explained / (1.0 - explained) * (n - groups) / (groups - 1.0);
}

// F of a numeric column with this adjusted effect size.
double FOfEffect(double effect, double n, double groups) {
  if (n <= groups || effect <= 0) return 0.0;
  return FOfEta2(1.0 - (1.0 - std::min(effect, 1.0)) * (n - groups) / (n - 1.0), n, groups);
}

// Share of the variance of `values` between the groups of `codes`; `groups` that occur.
struct Between {
  double eta2 = 0;
  int64_t groups = 0;
};
template <typename Codes>
Between BetweenGroups(std::span<const float> values, const Codes& codes, int64_t num_codes) {
  std::vector<double> sums(static_cast<size_t>(num_codes));
  std::vector<int64_t> counts(static_cast<size_t>(num_codes));
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const float v : values) mean += v;
  mean /= n;
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double v = values[i] - mean;
    const auto code = static_cast<size_t>(codes[i]);
    total += v * v;
    sums[code] += v;
    ++counts[code];
  }
  Between result;
  double between = 0;
  for (size_t c = 0; c < sums.size(); ++c) {
    if (counts[c] == 0) continue;
    ++result.groups;
    between += sums[c] * sums[c] / static_cast<double>(counts[c]);
  }
  // Rounding leaves a constant column with a total far below any real variance.
  if (total > 1e-12 * n * (1.0 + mean * mean)) result.eta2 = between / total;
  return result;
}

double SquaredCorrelation(std::span<const float> x, std::span<const float> y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i];
    mean_y += y[i];
  }
  mean_x /= n;
  mean_y /= n;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (xx <= 1e-12 * n * (1.0 + mean_x * mean_x) || yy <= 0) return 0.0;
  return xy * xy / (xx * yy);
}

// Joint counts of two codes with their margins.
struct Contingency {
  std::vector<double> cells, rows, columns;
  double n = 0;
  double used_rows = 0, used_columns = 0;  // margins above 0
};
template <typename A, typename B>
Contingency Count(const A& a, int64_t num_a, const B& b, int64_t num_b) {
  Contingency table;
  table.cells.resize(static_cast<size_t>(num_a * num_b));
  table.rows.resize(static_cast<size_t>(num_a));
  table.columns.resize(static_cast<size_t>(num_b));
  table.n = static_cast<double>(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const auto r = static_cast<size_t>(a[i]), c = static_cast<size_t>(b[i]);
    table.cells[r * static_cast<size_t>(num_b) + c] += 1;
    table.rows[r] += 1;
    table.columns[c] += 1;
  }
  for (const double count : table.rows) table.used_rows += count > 0 ? 1 : 0;
  for (const double count : table.columns) table.used_columns += count > 0 ? 1 : 0;
  return table;
}

// Bias-corrected squared Cramer's V.
double CramerEffect(const Contingency& table) {
  double chi2 = 0;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const double expected = table.rows[r] * table.columns[c] / table.n;
      if (expected <= 0) continue;
      const double gap = table.cells[r * table.columns.size() + c] - expected;
      chi2 += gap * gap / expected;
    }
  }
  const double v = table.used_rows - 1, k = table.used_columns - 1, n1 = table.n - 1;
  if (v <= 0 || k <= 0 || n1 <= 0) return 0.0;
  const double phi2 = std::max(0.0, chi2 / table.n - v * k / n1);
  const double least = std::min(v - v * v / n1, k - k * k / n1);
  return least > 0 ? std::min(1.0, phi2 / least) : 0.0;
}

// Bins of equal count; values that are equal share a bin.
std::vector<int32_t> EqualCountBins(std::span<const float> values, int64_t bins) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  std::vector<int32_t> binned(values.size());
  int32_t bin = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || values[order[i]] != values[order[i - 1]]) {
      bin =
          static_cast<int32_t>(static_cast<int64_t>(i) * bins / static_cast<int64_t>(order.size()));
    }
    binned[order[i]] = bin;
  }
  return binned;
}

// Codes of fewer than kRowsPerCell rows for each class become one code, `pooled`.
std::vector<int32_t> PoolRareCodes(const std::vector<int32_t>& codes, int64_t pooled,
                                   int64_t classes) {
  std::vector<int64_t> counts(static_cast<size_t>(pooled));
  for (const int32_t code : codes) ++counts[code];
  std::vector<int32_t> result = codes;
  for (int32_t& code : result) {
    if (counts[code] < kRowsPerCell * classes) code = static_cast<int32_t>(pooled);
  }
  return result;
}

}  // namespace

double FStatistic(const InputColumn& column, const TargetSample& target) {
  const auto n = static_cast<double>(target.values.size());
  const bool classes = target.classes > 0;
  if (column.vocabulary == 0) {
    if (!classes) return FOfEta2(SquaredCorrelation(column.values, target.values), n, 2);
    const Between between = BetweenGroups(column.values, target.values, target.classes);
    if (between.groups < 2) return 0.0;
    return FOfEta2(between.eta2, n, static_cast<double>(between.groups));
  }
  if (classes) {
    const Contingency table = Count(column.codes, column.vocabulary, target.values, target.classes);
    return FOfEffect(CramerEffect(table), n, std::max(2.0, table.used_columns));
  }
  const Between between = BetweenGroups(target.values, column.codes, column.vocabulary);
  const auto groups = static_cast<double>(between.groups);
  if (groups < 2 || n <= groups) return 0.0;
  return FOfEffect(1.0 - (1.0 - between.eta2) * (n - 1) / (n - groups), n, 2);
}

double MutualInformation(const InputColumn& column, const TargetSample& target, int64_t bins) {
  const bool numeric = column.vocabulary == 0;
  const bool classes = target.classes > 0;
  const std::vector<int32_t> a =
      numeric ? EqualCountBins(column.values, bins)
              : PoolRareCodes(column.codes, column.vocabulary, classes ? target.classes : bins);
  const std::vector<int32_t> b =
      classes ? std::vector<int32_t>(target.values.begin(), target.values.end())
              : EqualCountBins(target.values, bins);
  const Contingency table =
      Count(a, numeric ? bins : column.vocabulary + 1, b, classes ? target.classes : bins);
  double information = 0;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const double count = table.cells[r * table.columns.size() + c];
      if (count <= 0) continue;
      information +=
          count / table.n * std::log(count * table.n / (table.rows[r] * table.columns[c]));
    }
  }
  return information - (table.used_rows - 1) * (table.used_columns - 1) / (2 * table.n);
}

}  // namespace winnow::selectors
