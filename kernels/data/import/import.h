// From raw files to an immutable packed table with its profile and dictionaries. The only part of
// the tree that links Arrow; no Arrow name appears in this header.
#ifndef WINNOW_KERNELS_DATA_IMPORT_IMPORT_H_
#define WINNOW_KERNELS_DATA_IMPORT_IMPORT_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/base/stop_token.h"
#include "kernels/data/schema.h"

namespace winnow::data {

enum class FileRole {
  kTrain,       // rows to learn from
  kValidation,  // rows of validation only
  kTest,        // rows of the final test only
  kLabels,      // labels of the table, one a row (npy)
};

struct InputFile {
  std::string path;
  FileRole role = FileRole::kTrain;
  std::string declared_name;  // for messages and for inferring the format; empty = path
};

struct ImportOptions {
  // Text read and parsed at a time; longer rows widen it. The result does not depend on it.
  int64_t block_bytes = 1 << 20;
  // Of every file, decompressed, looked at to infer a schema.
  int64_t sample_bytes = 16 << 20;
  // Of all dictionaries together while they are built.
  int64_t max_dictionary_bytes = 512 << 20;
};

struct ImportProgress {
  int64_t bytes_read = 0;  // of the raw files, compressed as they are
  int64_t total_bytes = 0;
  int64_t rows_read = 0;
  double fraction = 0;  // of the whole import, 0..1
};
// Called on the importing thread, at least once a block.
using ImportCallback = std::function<void(const ImportProgress&)>;

struct InferredSchema {
  DatasetSchema schema;  // nothing left to infer
  std::vector<std::string> warnings;
  int64_t sampled_rows = 0;
  std::set<std::string> declared;  // columns whose kind the caller had given; for messages
};

// Fills in what `partial` leaves open, from the first options.sample_bytes of every file; keeps
// what it says.
//
//   format       magic bytes, then the name's ending (.gz aside), then the text itself
//   delimiter    of , ; tab | the one that splits the first lines most evenly; a tab for tsv
//   header       the first row holds no number, and either some column holds only numbers below,
//                or its fields are distinct and none occurs again below in its column
//   kinds        numbers only: numeric, else categorical. Ignored, with a warning: text that
//                differs in every row of a file read whole, and a column that counts the rows
//   target       the only column called target, label, class or y; else the last one
//   target.kind  two values: binary; up to 100 whole numbers, or texts: multiclass; else regression
//   positive     the greater of the two values (numbers by value, texts by bytes); labels that
//                differ in a final "." are one label
//   split        files when there are test or validation files, else random
//
// INVALID_ARGUMENT for files that cannot be read, as for ImportDataset; NOT_FOUND for a missing
// one.
absl::StatusOr<InferredSchema> InferSchema(const std::vector<InputFile>& files,
                                           const DatasetSchema& partial,
                                           const ImportOptions& options = {});

// Reads all files in order (training, validation, test) and writes table.bin, dictionaries.bin and
// profile.json into `output_dir`, which exists; each under a temporary name first, fsynced, then
// renamed, profile.json last. The files depend on the input and the schema alone, not on threads or
// block sizes. On any error nothing is left. The profile's warnings begin with those of the schema.
// Memory: a few blocks, plus the distinct values of the categorical columns.
//
// Errors: INVALID_ARGUMENT with file, row (a file's header is row 1 where it has one), column, what
// was found and what was expected; NOT_FOUND a missing file; RESOURCE_EXHAUSTED a full disk (with
// path and the system's text) or dictionaries over the limit; CANCELLED when `stop` was requested.
absl::StatusOr<DatasetProfile> ImportDataset(const InferredSchema& schema,
                                             const std::vector<InputFile>& files,
                                             const std::string& output_dir,
                                             const ImportCallback& progress, const StopToken& stop,
                                             const ImportOptions& options = {});
// The same after InferSchema.
absl::StatusOr<DatasetProfile> ImportDataset(const DatasetSchema& schema,
                                             const std::vector<InputFile>& files,
                                             const std::string& output_dir,
                                             const ImportCallback& progress, const StopToken& stop,
                                             const ImportOptions& options = {});

inline constexpr char kTableFile[] = "table.bin";
inline constexpr char kProfileFile[] = "profile.json";
inline constexpr char kDictionariesFile[] = "dictionaries.bin";

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_IMPORT_H_
