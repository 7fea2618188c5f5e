// Delimited text: CSV, TSV, raw Criteo. Arrow's parser finds rows and fields; the types of values
// are no matter here.
#ifndef WINNOW_KERNELS_DATA_IMPORT_TEXT_SOURCE_H_
#define WINNOW_KERNELS_DATA_IMPORT_TEXT_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/import/table_source.h"

namespace winnow::data {

struct TextDialect {
  char delimiter = ',';
  bool quoting = true;  // fields may stand in double quotes
  bool has_header = false;
  bool trim = true;     // spaces and tabs around values
  std::string comment;  // lines that start with it are skipped; empty: none
  std::vector<std::string> missing;
  std::vector<std::string>
      names;  // given names; empty: from the header, or column_0, column_1, ...
};

struct TextLimits {
  int64_t block_bytes = 1 << 20;  // read and parsed at a time
  int64_t max_bytes = -1;         // of the text; -1: all of it
};

// `file` is taken over. INVALID_ARGUMENT for a file that is not text, has no rows, repeats a column
// name, or has another number of columns than names are given.
absl::StatusOr<std::unique_ptr<TableSource>> OpenTextSource(RawFile file,
                                                            const TextDialect& dialect,
                                                            const TextLimits& limits);

// The first rows of a piece of text, unquoted, not trimmed.
struct TextHead {
  int32_t columns = 0;                         // fields of the first row
  std::vector<std::vector<std::string>> rows;  // those with that many fields
  int64_t other_rows = 0;                      // those with another number
};
// A last row without a line end counts if `is_whole` (the text is the whole file), else it is cut
// off.
TextHead ParseHead(const std::string& text, bool is_whole, char delimiter, bool quoting,
                   int32_t max_rows);

// `text` without its comment lines and without a byte order mark.
std::string CleanHead(const std::string& text, const std::string& comment);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_TEXT_SOURCE_H_
