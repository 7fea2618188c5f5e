// The files of a dataset in their roles.
#ifndef WINNOW_KERNELS_DATA_IMPORT_INPUT_FILES_H_
#define WINNOW_KERNELS_DATA_IMPORT_INPUT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/import.h"
#include "kernels/data/import/table_source.h"

namespace winnow::data {

// Name of a file in messages.
std::string DisplayName(const InputFile& file);

// INVALID_ARGUMENT: no training file, more than one labels file, or one that the schema does not
// allow for.
absl::Status CheckInputFiles(const std::vector<InputFile>& files, const DatasetSchema& schema);

// Files of rows: training, then validation, then test files, each in the given order.
std::vector<InputFile> DataFiles(const std::vector<InputFile>& files);
// The first training file, which decides about columns. REQUIRES: CheckInputFiles.
const InputFile& FirstTable(const std::vector<InputFile>& files);
// nullptr when labels are a column.
const InputFile* LabelsFile(const std::vector<InputFile>& files);

// Positions in `source` of the columns `names` of the first table. INVALID_ARGUMENT names the
// missing ones.
absl::StatusOr<std::vector<int32_t>> MatchColumns(const std::vector<std::string>& names,
                                                  const TableSource& source, const InputFile& file,
                                                  const InputFile& first);

// "'a', 'b', ..." for messages; long lists are cut.
std::string ListColumns(const std::vector<std::string>& names);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_INPUT_FILES_H_
