#include "kernels/train/column_sample.h"

#include <algorithm>
#include <map>
#include <span>

#include "kernels/data/column_gather.h"
#include "kernels/nn/loss_kind.h"

namespace winnow::train {
namespace {

constexpr int64_t kGatherRows = 1024;

}  // namespace

ColumnSample::ColumnSample(const JobContext& context, const plan::ModelShape& shape,
                           int64_t max_rows)
    : context_(context),
      shape_(shape),
      rows_(EvenlySpaced(context.table->train_rows(), max_rows)) {}

const plan::InputField& ColumnSample::field(int32_t column) const {
  return *std::lower_bound(
      shape_.fields.begin(), shape_.fields.end(), column,
      [](const plan::InputField& item, int32_t wanted) { return item.column < wanted; });
}

void ColumnSample::Inputs(int32_t candidate, std::vector<InputColumn>& out) {
  if (candidate < window_begin_ || candidate >= window_end_) Load(candidate);
  out = window_[static_cast<size_t>(candidate - window_begin_)];
}

void ColumnSample::Load(int32_t candidate) {
  const std::vector<Candidate>& items = context_.plan->candidates.items;
  const auto n = static_cast<int64_t>(rows_.size());
  window_begin_ = window_end_ = candidate;
  std::vector<int32_t> columns;
  while (window_end_ < static_cast<int32_t>(items.size()) &&
         (columns.empty() || static_cast<int64_t>(columns.size()) * n < kWindowValues)) {
    const std::vector<int32_t>& more = items[static_cast<size_t>(window_end_++)].columns;
    columns.insert(columns.end(), more.begin(), more.end());
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());

  window_.assign(static_cast<size_t>(window_end_ - window_begin_), {});
  std::multimap<int32_t, size_t> users;  // column -> candidate of the window
  for (size_t w = 0; w < window_.size(); ++w) {
    for (const int32_t column : items[static_cast<size_t>(window_begin_) + w].columns) {
      users.emplace(column, w);
    }
  }
  const data::ColumnGather gather(*context_.table, columns);
  const auto width = static_cast<int64_t>(gather.dense_width());
  const auto slots = static_cast<int64_t>(gather.num_categorical());
  std::vector<float> dense(static_cast<size_t>(kGatherRows * width));
  std::vector<int32_t> codes(static_cast<size_t>(kGatherRows * slots));
  std::vector<InputColumn> gathered_dense(static_cast<size_t>(width));
  std::vector<InputColumn> gathered_codes(static_cast<size_t>(slots));
  for (InputColumn& column : gathered_dense) column.values.resize(rows_.size());
  for (InputColumn& column : gathered_codes) column.codes.resize(rows_.size());
  for (int64_t begin = 0; begin < n; begin += kGatherRows) {
    const int64_t count = std::min(kGatherRows, n - begin);
    gather.Gather(std::span<const uint32_t>(rows_).subspan(static_cast<size_t>(begin),
                                                           static_cast<size_t>(count)),
                  dense.data(), width, codes.data(), nullptr, nullptr);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t c = 0; c < width; ++c) {
        gathered_dense[c].values[begin + i] = dense[i * width + c];
      }
      for (int64_t c = 0; c < slots; ++c) {
        gathered_codes[c].codes[begin + i] = codes[i * slots + c];
      }
    }
  }
  size_t next_dense = 0, next_code = 0;
  for (const int32_t column : columns) {
    const plan::InputField& item = field(column);
    const auto [first, last] = users.equal_range(column);
    const auto give = [&](InputColumn& source) {
      for (auto user = first; user != last; ++user) window_[user->second].push_back(source);
    };
    if (item.categorical) {
      gathered_codes[next_code].vocabulary = item.vocabulary;
      give(gathered_codes[next_code++]);
    } else {
      for (int32_t r = 0; r < item.rows; ++r) give(gathered_dense[next_dense++]);
    }
  }
}

TargetSample ColumnSample::Targets() const {
  TargetSample targets;
  targets.values.resize(rows_.size());
  const data::TrainingTable& table = *context_.table;
  table.Gather(rows_, nullptr, 0, nullptr, targets.values.data(), nullptr);
  switch (context_.loss) {
    case nn::LossKind::kLogistic:
      targets.classes = 2;
      break;
    case nn::LossKind::kSoftmax:
      targets.classes = shape_.outputs;
      break;
    case nn::LossKind::kSquared:
      for (float& y : targets.values) {
        y = static_cast<float>((y - table.target_mean()) / table.target_stddev());
      }
      break;
  }
  return targets;
}

}  // namespace winnow::train
