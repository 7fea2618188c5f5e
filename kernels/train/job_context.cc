#include "kernels/train/job_context.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace winnow::train {

namespace {

template <typename Rows>
double MeanWeightOf(const data::PackedTable& table, const Rows& rows) {
  if (!table.shape().has_weight || rows.empty()) return 1.0;
  double sum = 0;
  for (const uint32_t row : rows) sum += static_cast<double>(table.weight(row));
  return sum > 0 ? sum / static_cast<double>(rows.size()) : 1.0;
}

}  // namespace

std::string StageSection(const JobContext& context) {
  if (context.repeat > 0) return absl::StrCat("stage/repeat/", context.repeat);
  return context.trial >= 0 ? absl::StrCat("stage/trial/", context.trial) : "stage";
}

std::vector<uint32_t> EvenlySpaced(const data::RowSet& rows, int64_t limit) {
  const auto n = static_cast<int64_t>(rows.size());
  if (n <= limit) return rows.ToVector();
  std::vector<uint32_t> some;
  some.reserve(static_cast<size_t>(limit));
  for (int64_t i = 0; i < limit; ++i) some.push_back(rows[static_cast<size_t>(i * n / limit)]);
  return some;
}

double MeanWeight(const data::PackedTable& table, const data::RowSet& rows) {
  return MeanWeightOf(table, rows);
}

double MeanWeight(const data::PackedTable& table, std::span<const uint32_t> rows) {
  return MeanWeightOf(table, rows);
}

}  // namespace winnow::train
