// Any raw file as a TableSource.
#ifndef WINNOW_KERNELS_DATA_IMPORT_OPEN_SOURCE_H_
#define WINNOW_KERNELS_DATA_IMPORT_OPEN_SOURCE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "kernels/data/import/import.h"
#include "kernels/data/import/table_source.h"
#include "kernels/data/schema.h"

namespace winnow::data {

struct SourceLimits {
  int64_t block_bytes = 1 << 20;
  int64_t max_bytes = -1;  // of text; of other formats a like number of values of 8 bytes
};

// Fills in format, header and delimiter of `schema` from the file where they are absent.
// INVALID_ARGUMENT for a file of no known format; NOT_FOUND.
absl::Status CompleteDialect(const InputFile& file, DatasetSchema* schema);

// REQUIRES: CompleteDialect was called on the schema.
absl::StatusOr<std::unique_ptr<TableSource>> OpenSource(const InputFile& file,
                                                        const DatasetSchema& schema,
                                                        const SourceLimits& limits);

// All labels of a labels file (npy, one value a row).
absl::StatusOr<std::vector<Cell>> ReadLabels(const InputFile& file);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_OPEN_SOURCE_H_
