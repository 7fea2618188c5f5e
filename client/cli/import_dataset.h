// From files on this machine to a dataset that jobs can read, or to nothing at all.
#ifndef WINNOW_CLIENT_CLI_IMPORT_DATASET_H_
#define WINNOW_CLIENT_CLI_IMPORT_DATASET_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "client/cpp/client.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::cli {

struct ImportRequest {
  std::string id;
  std::vector<std::string> files;
  std::string test_file;    // rows of the final test; empty: none
  std::string schema_file;  // empty: all inferred
  std::string target;       // overrides the schema's target.column; empty: does not
};

// Declares, uploads and waits until the dataset is ACTIVE; shows progress on context.err where that
// is a terminal. When the import fails, or is interrupted, the dataset is deleted again and the
// importer's error returned, with a code that says "refused".
absl::StatusOr<v1::Dataset> ImportDataset(const Context& context, client::Client& client,
                                          const ImportRequest& request);

// The schema that the request gives: file and target. INVALID_ARGUMENT with every mistake in the
// file.
absl::StatusOr<v1::DatasetSchema> SchemaOf(const ImportRequest& request);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_IMPORT_DATASET_H_
