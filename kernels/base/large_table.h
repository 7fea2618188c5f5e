// From which size on a table is worked on in pieces, so that the memory of a job does not grow with
// its rows. Fixed numbers: results depend on the table alone, never on the memory of a machine.
#ifndef WINNOW_KERNELS_BASE_LARGE_TABLE_H_
#define WINNOW_KERNELS_BASE_LARGE_TABLE_H_

#include <cstdint>

namespace winnow {

// Bytes of the packed table, and rows: 64 MiB for the order of an epoch, 4 bytes a row.
inline constexpr int64_t kLargeTableBytes = int64_t{1} << 30;
inline constexpr int64_t kLargeTableRows = int64_t{1} << 24;

constexpr bool IsLargeTable(int64_t table_bytes, int64_t rows) {
  return table_bytes > kLargeTableBytes || rows > kLargeTableRows;
}

// Rows of a part (validation, test) behind its metrics, at most; evenly spaced ones of a greater
// part. The standard error of an AUC is then below 0.0004 where 10 % are positive.
inline constexpr int64_t kMeasuredRows = int64_t{1} << 21;

// Most bytes of a copy of the columns that a training reads (kernels/train/compact_columns.h).
inline constexpr int64_t kCompactColumnsBytes = int64_t{64} << 20;

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_LARGE_TABLE_H_
