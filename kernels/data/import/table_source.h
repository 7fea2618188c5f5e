// A raw table, read batch by batch: what every file format is turned into.
#ifndef WINNOW_KERNELS_DATA_IMPORT_TABLE_SOURCE_H_
#define WINNOW_KERNELS_DATA_IMPORT_TABLE_SOURCE_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/data/import/cell.h"

namespace winnow::data {

// THREAD-SAFETY: one thread at a time.
class TableSource {
 public:
  virtual ~TableSource() = default;

  // Columns in file order; distinct and not empty.
  virtual const std::vector<std::string>& names() const = 0;
  // Names the columns that will be asked for, before the first NextBatch; others may be left
  // unread.
  virtual absl::Status Project(const std::vector<int32_t>& columns) = 0;
  // Reads on; the number of rows of the new batch, 0 at the end of the table.
  virtual absl::StatusOr<int64_t> NextBatch() = 0;
  // The column's cells in the current batch. Their texts live until the next NextBatch.
  virtual absl::Status ReadColumn(int32_t column, std::vector<Cell>* cells) = 0;
  // Number of the current batch's first row in messages: 1 for a file's first row, which may be its
  // header.
  virtual int64_t first_row_number() const = 0;
  // Bytes of the file taken so far.
  virtual int64_t bytes_read() const = 0;
  // Whether the whole table was read; false when a limit ended it.
  virtual bool is_complete() const = 0;
};

// Texts that mean "missing".
class MissingTexts {
 public:
  MissingTexts() = default;
  explicit MissingTexts(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (const std::string& text : texts_) longest_ = std::max(longest_, text.size());
  }
  bool Contains(std::string_view text) const {
    if (text.size() > longest_) return false;
    for (const std::string& missing : texts_) {
      if (text == missing) return true;
    }
    return false;
  }

 private:
  std::vector<std::string> texts_;
  size_t longest_ = 0;
};

// Without the spaces and tabs around it.
inline std::string_view TrimBlanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_TABLE_SOURCE_H_
