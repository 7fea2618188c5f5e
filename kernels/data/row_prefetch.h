// Rows of a shuffled batch are far apart, and the hardware prefetcher does not cross pages: the
// lines of later rows are asked for while this one is worked on.
#ifndef WINNOW_KERNELS_DATA_ROW_PREFETCH_H_
#define WINNOW_KERNELS_DATA_ROW_PREFETCH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/packed_table.h"

namespace winnow::data {

class RowPrefetch {
 public:
  RowPrefetch() = default;
  // Of records of which the fields at these ascending offsets, 4 bytes each, are read.
  explicit RowPrefetch(std::span<const int32_t> offsets) {
    for (const int32_t offset : offsets) {
      if (offsets_.empty() || offset >= offsets_.back() + kLineBytes) offsets_.push_back(offset);
    }
    const auto lines = std::max<size_t>(1, offsets_.size());
    ahead_ = std::clamp<size_t>(kLinesAhead / lines, 1, kMaxRowsAhead);
  }

  // Called before rows[i] is read.
  void Ask(const PackedTable& table, std::span<const uint32_t> rows, size_t i) const {
    if (i + ahead_ >= rows.size()) return;
    const char* record = table.record(rows[i + ahead_]);
    for (const int32_t offset : offsets_) __builtin_prefetch(record + offset, 0, 2);
  }

 private:
  static constexpr int32_t kLineBytes = 64;
  // Lines on their way at a time, and rows: a miss takes as long as some ten small rows.
  static constexpr size_t kLinesAhead = 48, kMaxRowsAhead = 16;

  std::vector<int32_t> offsets_;
  size_t ahead_ = 1;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_ROW_PREFETCH_H_
