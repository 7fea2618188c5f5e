// Columnar files: Parquet and Arrow IPC (file and stream).
#ifndef WINNOW_KERNELS_DATA_IMPORT_ARROW_SOURCE_H_
#define WINNOW_KERNELS_DATA_IMPORT_ARROW_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/import/table_source.h"

namespace winnow::data {

struct ArrowOptions {
  bool trim = true;
  std::vector<std::string> missing;
  int64_t max_rows = -1;  // -1: all
};

// INVALID_ARGUMENT for damaged files, files without rows, and repeated column names.
absl::StatusOr<std::unique_ptr<TableSource>> OpenParquetSource(RawFile file,
                                                               const ArrowOptions& options);
absl::StatusOr<std::unique_ptr<TableSource>> OpenIpcSource(RawFile file,
                                                           const ArrowOptions& options);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_ARROW_SOURCE_H_
