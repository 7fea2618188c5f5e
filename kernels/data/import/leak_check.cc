#include "kernels/data/import/leak_check.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "kernels/base/rng.h"

namespace winnow::data {
namespace {

constexpr double kLeakAuc = 0.99;
constexpr int64_t kMaxRows = 20000;
constexpr int64_t kMaxValues = 20'000'000;
constexpr int64_t kLeastOfAClass = 10;

// The records with the fields that matter.
class Sample {
 public:
  Sample(const std::string& records, const PackedShape& shape) : records_(records), shape_(shape) {
    for (size_t i = 0; i < rows(); ++i) {
      labels_.push_back(Field<float>(i, shape_.target_offset()) == 1.0f);
    }
  }
  size_t rows() const { return records_.size() / static_cast<size_t>(shape_.stride()); }
  const std::vector<int>& labels() const { return labels_; }
  float numeric(size_t row, int32_t column) const { return Field<float>(row, 4 * column); }
  int32_t code(size_t row, int32_t slot) const {
    return Field<int32_t>(row, shape_.code_offset() + 4 * slot);
  }

 private:
  template <typename T>
  T Field(size_t row, int32_t offset) const {
    T value;
    std::memcpy(&value, records_.data() + row * static_cast<size_t>(shape_.stride()) + offset,
                sizeof(value));
    return value;
  }

  const std::string& records_;
  const PackedShape& shape_;
  std::vector<int> labels_;
};

bool HasBoth(const std::vector<int>& labels) {
  const int64_t positive = std::count(labels.begin(), labels.end(), 1);
  return std::min(positive, static_cast<int64_t>(labels.size()) - positive) >= kLeastOfAClass;
}

double NumericAuc(const Sample& sample, int32_t column) {
  std::vector<double> scores;
  for (size_t row = 0; row < sample.rows(); ++row) {
    const float x = sample.numeric(row, column);
    scores.push_back(std::isnan(x) ? -std::numeric_limits<double>::infinity() : x);
  }
  const double auc = ScoreAuc(scores, sample.labels());
  return std::max(auc, 1 - auc);
}

double CategoricalAuc(const Sample& sample, int32_t slot, int64_t vocabulary) {
  std::vector<double> positive(static_cast<size_t>(vocabulary)), count(positive.size());
  // Drawn, not taken in turn: rows may alternate.
  const RngStream half(0, "import/leak_half");
  const auto is_fitted = [&half](size_t i) { return (half.Bits(i) & 1) != 0; };
  double all = 0;
  size_t fitted = 0;
  for (size_t i = 0; i < sample.rows(); ++i) {
    if (!is_fitted(i)) continue;
    ++fitted;
    const int32_t code = sample.code(i, slot);
    positive[code] += sample.labels()[i];
    count[code] += 1;
    all += sample.labels()[i];
  }
  const double share = all / static_cast<double>(std::max<size_t>(1, fitted));
  std::vector<double> scores;
  std::vector<int> labels;
  for (size_t i = 0; i < sample.rows(); ++i) {
    if (is_fitted(i)) continue;
    const int32_t code = sample.code(i, slot);
    scores.push_back((positive[code] + share) / (count[code] + 1));
    labels.push_back(sample.labels()[i]);
  }
  return HasBoth(labels) ? ScoreAuc(scores, labels) : 0.5;
}

}  // namespace

int64_t LeakSampleRows(int64_t columns) {
  return std::min(kMaxRows, kMaxValues / std::max<int64_t>(1, columns));
}

std::vector<Leak> FindLeaks(const std::string& records, const PackedShape& shape,
                            const DatasetProfile& profile) {
  std::vector<Leak> leaks;
  if (profile.target.kind != TargetKind::kBinary) return leaks;
  const Sample sample(records, shape);
  if (!HasBoth(sample.labels())) return leaks;
  int32_t numeric = 0, slot = 0;
  for (size_t i = 0; i < profile.columns.size(); ++i) {
    const ColumnProfile& column = profile.columns[i];
    const double auc = column.kind == ColumnKind::kNumeric
                           ? NumericAuc(sample, numeric++)
                           : CategoricalAuc(sample, slot++, column.vocabulary);
    if (auc > kLeakAuc) leaks.push_back({static_cast<int32_t>(i), auc});
  }
  return leaks;
}

// Mann-Whitney: (sum of the ranks of positive rows - n1 (n1 + 1) / 2) / (n1 n0), equal scores
// sharing their mean rank.
double ScoreAuc(const std::vector<double>& scores, const std::vector<int>& labels) {
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&scores](uint32_t a, uint32_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0, positive = 0;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    double here = 0;
    while (end < order.size() && scores[order[end]] == scores[order[begin]])
      here += labels[order[end++]];
    rank_sum += here * static_cast<double>(begin + 1 + end) / 2;
    positive += here;
    begin = end;
  }
  const double negative = static_cast<double>(order.size()) - positive;
  return (rank_sum - positive * (positive + 1) / 2) / (positive * negative);
}

}  // namespace winnow::data
