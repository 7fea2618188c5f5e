// Arrow arrays as cells.
#ifndef WINNOW_KERNELS_DATA_IMPORT_ARRAY_CELLS_H_
#define WINNOW_KERNELS_DATA_IMPORT_ARRAY_CELLS_H_

#include <vector>

#include "absl/status/status.h"
#include "arrow/array.h"
#include "kernels/data/import/table_source.h"

namespace winnow::data {

// Whole numbers and booleans become integers; dates, times and durations seconds; NaN and null
// missing; texts are trimmed and looked up in `missing`. INVALID_ARGUMENT names a type that is no
// single value.
absl::Status ArrayCells(const arrow::Array& array, const MissingTexts& missing, bool trim,
                        std::vector<Cell>* cells);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_ARRAY_CELLS_H_
