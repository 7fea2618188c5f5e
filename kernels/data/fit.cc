#include "kernels/data/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/large_table.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr double kBound = 10.0;     // standard deviations, see fit.h
constexpr double kConstant = 1e-6;  // a standard deviation below this part of |mean| is rounding
// Quantiles of more rows than this are taken from an evenly spaced sample: the standard error of a
// rank is then below 0.0005.
constexpr size_t kMaxQuantileRows = 1 << 20;
// Of the records of a large table that are read before their pages are given back.
constexpr int64_t kReleaseBytes = int64_t{32} << 20;

std::vector<const ColumnProfile*> ColumnsOfKind(const DatasetProfile& profile, ColumnKind kind) {
  std::vector<const ColumnProfile*> columns;
  for (const ColumnProfile& column : profile.columns) {
    if (column.kind == kind) columns.push_back(&column);
  }
  return columns;
}

// Sums of all numeric columns at once, row by row. The sums are of x - k with k the column's first
// value, which keeps the variance exact to rounding when |mean| is far above the deviation.
class NumericSums {
 public:
  explicit NumericSums(size_t columns)
      : base_(columns, kNan),
        sum_(columns),
        squares_(columns),
        present_(columns),
        min_(columns, std::numeric_limits<float>::infinity()),
        max_(columns, -std::numeric_limits<float>::infinity()) {}

  void AddRow(const float* x) {
    const size_t n = sum_.size();
    ++rows_;
    if (found_ < n) FindBases(x);
    for (size_t j = 0; j < n; ++j) {
      const bool is_present = x[j] == x[j];
      const double d = is_present ? static_cast<double>(x[j]) - base_[j] : 0.0;
      sum_[j] += d;
      squares_[j] += d * d;
      present_[j] += is_present;
      min_[j] = x[j] < min_[j] ? x[j] : min_[j];
      max_[j] = x[j] > max_[j] ? x[j] : max_[j];
    }
  }

  NumericFit Finish(size_t j) const {
    NumericFit fit;
    const double n = static_cast<double>(present_[j]);
    fit.missing_rate = 1.0 - n / static_cast<double>(rows_);
    if (present_[j] == 0) return fit;
    const double mean = sum_[j] / n;
    fit.mean = base_[j] + mean;
    fit.stddev = std::sqrt(std::max(0.0, squares_[j] / n - mean * mean));
    fit.min = min_[j];
    fit.max = max_[j];
    return fit;
  }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  void FindBases(const float* x) {
    for (size_t j = 0; j < base_.size(); ++j) {
      if (std::isnan(base_[j]) && !std::isnan(x[j])) {
        base_[j] = x[j];
        ++found_;
      }
    }
  }

  std::vector<double> base_, sum_, squares_;
  std::vector<int64_t> present_;
  std::vector<float> min_, max_;
  size_t found_ = 0;
  int64_t rows_ = 0;
};

std::vector<float> FindCuts(const PackedTable& table, const RowSet& rows, size_t column,
                            int32_t quantiles) {
  const size_t step = (rows.size() + kMaxQuantileRows - 1) / kMaxQuantileRows;
  std::vector<float> values;
  values.reserve(rows.size() / step + 1);
  const bool is_large = IsLargeTable(table.file_bytes(), table.rows());
  int64_t released = 0;
  size_t i = 0;
  for (const uint32_t row : rows) {
    if (i++ % step != 0) continue;
    const float x = table.numeric(row)[column];
    if (!std::isnan(x)) values.push_back(x);
    if (is_large && (row - released) * table.stride() > kReleaseBytes) {
      table.Release(released, row);
      released = row;
    }
  }
  if (is_large) table.Release(released, table.rows());
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  std::vector<float> cuts(static_cast<size_t>(quantiles));
  for (size_t c = 0; c < cuts.size(); ++c) {
    cuts[c] = values[c * (values.size() - 1) / (cuts.size() - 1)];
  }
  return cuts;
}

// Rank of x among the cuts, in [0, 1]: linear between two cuts, the middle of equal ones.
double Rank(const std::vector<float>& cuts, float x) {
  if (cuts.size() < 2) return 0.5;
  const auto lower = std::lower_bound(cuts.begin(), cuts.end(), x);
  const auto upper = std::upper_bound(lower, cuts.end(), x);
  const double last = static_cast<double>(cuts.size() - 1);
  const double below = static_cast<double>(lower - cuts.begin());
  if (upper != lower) return (below + static_cast<double>(upper - cuts.begin()) - 1) / 2 / last;
  if (lower == cuts.begin()) return 0.0;
  if (lower == cuts.end()) return 1.0;
  const double left = *(lower - 1), right = *lower;
  return (below - 1 + (x - left) / (right - left)) / last;
}

// (value - mean) / stddev, bounded.
float Standardise(double value, double mean, double stddev) {
  return static_cast<float>(std::clamp((value - mean) / stddev, -kBound, kBound));
}

bool IsConstant(double mean, double stddev) { return stddev <= kConstant * std::fabs(mean); }

void SetAffine(double centre, double scale, NumericFit* fit) {
  fit->centre = static_cast<float>(centre);
  fit->scale = static_cast<float>(scale);
}

// The map that the statistics give.
void FinishNumeric(Transform transform, NumericFit* fit) {
  fit->bound = std::numeric_limits<float>::infinity();
  fit->centre = fit->scale = 0;
  switch (transform) {
    case Transform::kStandardize:
    case Transform::kLog1p:
    case Transform::kCriteoLog2:
      if (!IsConstant(fit->mean, fit->stddev)) SetAffine(fit->mean, 1.0 / fit->stddev, fit);
      fit->bound = static_cast<float>(kBound);
      break;
    case Transform::kMinMax:
      if (!IsConstant(fit->mean, fit->stddev))
        SetAffine(fit->min, 1.0 / (fit->max - fit->min), fit);
      break;
    case Transform::kQuantile:
      if (!fit->cuts.empty()) SetAffine(0.5, std::sqrt(12.0), fit);
      break;
    case Transform::kNone:
      fit->scale = 1;
      break;
  }
  const bool is_centred = fit->bound == static_cast<float>(kBound);
  fit->fill = is_centred ? 0.0f : MapNumeric(*fit, static_cast<float>(fit->mean));
  const double p = fit->missing_rate;
  const double deviation = std::sqrt(p * (1 - p));
  fit->indicator_present = fit->indicator_missing = 0;
  if (deviation > 0) {
    fit->indicator_present = Standardise(0, p, deviation);
    fit->indicator_missing = Standardise(1, p, deviation);
  }
}

void FinishCategorical(int64_t min_count, CategoricalFit* fit) {
  const size_t n = fit->raw_counts.size();
  fit->map.assign(n, 0);
  fit->counts.assign(n, 0);
  fit->identity = true;
  const int64_t least = std::max<int64_t>(1, min_count);
  for (size_t code = 0; code < n; ++code) {
    const bool is_known = code > 0 && fit->raw_counts[code] >= least;
    fit->map[code] = is_known ? static_cast<int32_t>(code) : 0;
    fit->counts[fit->map[code]] += fit->raw_counts[code];
    fit->identity &= fit->map[code] == static_cast<int32_t>(code);
  }
}

// One pass over the table: sums of the training rows, and a check of every row's codes, which index
// the maps.
class FitPass {
 public:
  FitPass(const PackedTable& table, const DatasetProfile& profile)
      : table_(table),
        numeric_(ColumnsOfKind(profile, ColumnKind::kNumeric)),
        categorical_(ColumnsOfKind(profile, ColumnKind::kCategorical)),
        sums_(numeric_.size()) {
    for (const ColumnProfile* column : categorical_) {
      counts_.emplace_back(static_cast<size_t>(column->vocabulary), 0);
    }
  }

  absl::Status Run(const SplitRows& rows) {
    target_base_ = table_.target(rows.train.front());
    const bool is_large = IsLargeTable(table_.file_bytes(), table_.rows());
    const int64_t step =
        is_large ? std::max<int64_t>(1, kReleaseBytes / table_.stride()) : table_.rows();
    RowSet::Iterator train = rows.train.begin();
    RowSet::Iterator validation = rows.validation.begin(), test = rows.test.begin();
    for (int64_t begin = 0; begin < table_.rows(); begin += step) {
      const int64_t end = std::min(begin + step, table_.rows());
      for (; train != RowSet::Iterator() && *train < end; ++train) {
        RETURN_IF_ERROR(CheckCodes(*train));
        Add(*train);
      }
      for (RowSet::Iterator* others : {&validation, &test}) {
        for (; *others != RowSet::Iterator() && **others < end; ++*others) {
          RETURN_IF_ERROR(CheckCodes(**others));
        }
      }
      if (is_large) table_.Release(begin, end);
    }
    return absl::OkStatus();
  }

  NumericFit Numeric(size_t column) const { return sums_.Finish(column); }
  std::vector<int64_t> TakeCounts(size_t slot) { return std::move(counts_[slot]); }

  void FinishTarget(size_t train_rows, TableFit* fit) const {
    const double n = static_cast<double>(train_rows);
    const double mean = target_sum_ / n;
    const double stddev = std::sqrt(std::max(0.0, target_squares_ / n - mean * mean));
    fit->target_mean = target_base_ + mean;
    fit->target_stddev = IsConstant(fit->target_mean, stddev) ? 1.0 : stddev;
  }

 private:
  absl::Status CheckCodes(uint32_t row) const {
    const int32_t* codes = table_.codes(row);
    for (size_t slot = 0; slot < categorical_.size(); ++slot) {
      const int64_t vocabulary = categorical_[slot]->vocabulary;
      if (codes[slot] >= 0 && codes[slot] < vocabulary) continue;
      return absl::DataLossError(absl::StrCat("packed table: row ", row, ", column '",
                                              categorical_[slot]->name, "': code ", codes[slot],
                                              " of a vocabulary of ", vocabulary));
    }
    return absl::OkStatus();
  }

  void Add(uint32_t row) {
    if (!numeric_.empty()) sums_.AddRow(table_.numeric(row));
    const int32_t* codes = table_.codes(row);
    for (size_t slot = 0; slot < counts_.size(); ++slot) ++counts_[slot][codes[slot]];
    const double d = table_.target(row) - target_base_;
    target_sum_ += d;
    target_squares_ += d * d;
  }

  const PackedTable& table_;
  const std::vector<const ColumnProfile*> numeric_, categorical_;
  NumericSums sums_;
  std::vector<std::vector<int64_t>> counts_;
  double target_base_ = 0, target_sum_ = 0, target_squares_ = 0;
};

// The fields of NumericFit that are saved, besides the cuts.
constexpr size_t kSavedFields = 5;

}  // namespace

float MapNumeric(const NumericFit& fit, float x) {
  if (std::isnan(x)) return fit.fill;
  if (!fit.cuts.empty()) x = static_cast<float>(Rank(fit.cuts, x));
  return std::clamp((x - fit.centre) * fit.scale, -fit.bound, fit.bound);
}

absl::StatusOr<TableFit> FitTable(const PackedTable& table, const DatasetProfile& profile,
                                  const SplitRows& rows) {
  FitPass pass(table, profile);
  RETURN_IF_ERROR(pass.Run(rows));
  TableFit fit;
  for (const ColumnProfile* column : ColumnsOfKind(profile, ColumnKind::kNumeric)) {
    const size_t j = fit.numeric.size();
    NumericFit numeric = pass.Numeric(j);
    if (column->transform == Transform::kQuantile) {
      numeric.cuts = FindCuts(table, rows.train, j, std::max(2, column->quantiles));
    }
    FinishNumeric(column->transform, &numeric);
    fit.numeric.push_back(std::move(numeric));
  }
  for (const ColumnProfile* column : ColumnsOfKind(profile, ColumnKind::kCategorical)) {
    CategoricalFit categorical;
    categorical.raw_counts = pass.TakeCounts(fit.categorical.size());
    FinishCategorical(column->min_count, &categorical);
    fit.categorical.push_back(std::move(categorical));
  }
  pass.FinishTarget(rows.train.size(), &fit);
  return fit;
}

void SaveFit(const TableFit& fit, const std::string& prefix, Checkpoint* checkpoint) {
  std::vector<double> numbers;
  for (size_t j = 0; j < fit.numeric.size(); ++j) {
    const NumericFit& column = fit.numeric[j];
    numbers.insert(numbers.end(),
                   {column.mean, column.stddev, column.min, column.max, column.missing_rate});
    if (!column.cuts.empty()) {
      checkpoint->PutArray(absl::StrCat(prefix, "/cuts/", j), std::span<const float>(column.cuts));
    }
  }
  checkpoint->PutArray(prefix + "/numeric", std::span<const double>(numbers));
  for (size_t slot = 0; slot < fit.categorical.size(); ++slot) {
    checkpoint->PutArray(absl::StrCat(prefix, "/codes/", slot),
                         std::span<const int64_t>(fit.categorical[slot].raw_counts));
  }
  const double target[] = {fit.target_mean, fit.target_stddev};
  checkpoint->PutArray(prefix + "/target", std::span<const double>(target));
}

absl::StatusOr<TableFit> LoadFit(const DatasetProfile& profile, const std::string& prefix,
                                 const Checkpoint& checkpoint) {
  TableFit fit;
  const auto numeric = ColumnsOfKind(profile, ColumnKind::kNumeric);
  std::vector<double> numbers(numeric.size() * kSavedFields);
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/numeric", std::span<double>(numbers)));
  for (size_t j = 0; j < numeric.size(); ++j) {
    const double* saved = &numbers[j * kSavedFields];
    NumericFit column;
    column.mean = saved[0];
    column.stddev = saved[1];
    column.min = saved[2];
    column.max = saved[3];
    column.missing_rate = saved[4];
    const std::string cuts = absl::StrCat(prefix, "/cuts/", j);
    if (checkpoint.Has(cuts)) {
      ASSIGN_OR_RETURN(column.cuts, checkpoint.GetVector<float>(cuts));
    }
    FinishNumeric(numeric[j]->transform, &column);
    fit.numeric.push_back(std::move(column));
  }
  const auto categorical = ColumnsOfKind(profile, ColumnKind::kCategorical);
  for (size_t slot = 0; slot < categorical.size(); ++slot) {
    CategoricalFit column;
    column.raw_counts.resize(static_cast<size_t>(categorical[slot]->vocabulary));
    RETURN_IF_ERROR(checkpoint.GetArray(absl::StrCat(prefix, "/codes/", slot),
                                        std::span<int64_t>(column.raw_counts)));
    FinishCategorical(categorical[slot]->min_count, &column);
    fit.categorical.push_back(std::move(column));
  }
  double target[2];
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/target", std::span<double>(target)));
  fit.target_mean = target[0];
  fit.target_stddev = target[1];
  return fit;
}

}  // namespace winnow::data
