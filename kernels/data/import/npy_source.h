// NumPy arrays (format versions 1 to 3): the rows of a matrix, or a vector of labels.
#ifndef WINNOW_KERNELS_DATA_IMPORT_NPY_SOURCE_H_
#define WINNOW_KERNELS_DATA_IMPORT_NPY_SOURCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/import/table_source.h"

namespace winnow::data {

struct NpyOptions {
  std::vector<std::string> names;  // empty: x0, x1, ...
  int64_t max_rows = -1;           // -1: all
};

// Booleans, whole numbers and floats of one dimension (one column) or two (rows x columns, C
// order), little-endian, gzip or not. INVALID_ARGUMENT for anything else, and for a file cut short.
absl::StatusOr<std::unique_ptr<TableSource>> OpenNpySource(RawFile file, const NpyOptions& options);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_NPY_SOURCE_H_
