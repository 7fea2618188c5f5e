#include "kernels/train/permuted_source.h"

#include <algorithm>
#include <utility>

namespace winnow::train {

PermutedSource::PermutedSource(const CachedSource& rows, const plan::ModelShape& shape,
                               std::span<const int32_t> columns, std::vector<uint32_t> order)
    : rows_(rows), order_(std::move(order)) {
  int32_t dense = 0, slot = 0;
  for (const plan::InputField& field : shape.fields) {
    const bool wanted = std::binary_search(columns.begin(), columns.end(), field.column);
    if (field.categorical) {
      if (wanted) slots_.push_back(slot);
      ++slot;
      continue;
    }
    for (int32_t r = 0; r < field.rows; ++r, ++dense) {
      if (wanted) dense_.push_back(dense);
    }
  }
}

void PermutedSource::Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const {
  rows_.Fill(begin, end, thread, out);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t from = order_[static_cast<size_t>(i)];
    for (const int32_t at : dense_) {
      out.dense[(i - begin) * out.dense_stride + at] = rows_.dense(from)[at];
    }
    for (const int32_t at : slots_) {
      out.codes[(i - begin) * rows_.num_categorical() + at] = rows_.codes(from)[at];
    }
  }
}

}  // namespace winnow::train
