// From a CreateDataset request to a declared dataset.
#ifndef WINNOW_SERVER_RPC_CREATE_DATASET_H_
#define WINNOW_SERVER_RPC_CREATE_DATASET_H_

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/local_files.h"
#include "server/rpc/request_key.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::rpc {

struct CreateDatasetAnswer {
  v1::Dataset dataset;
  bool replayed = false;
};

// Checks and declares; starts the import when there is nothing to upload. Errors: INVALID_FIELDS
// with paths relative to Dataset; those of Scheduler::CheckUpload and DatasetStore::CreateDataset.
absl::StatusOr<CreateDatasetAnswer> CreateDataset(const Deps& deps, const AllowedRoots& roots,
                                                  const Caller& caller,
                                                  const v1::CreateDatasetRequest& request);

// The declared files as the store keeps them; every problem becomes a violation.
std::vector<domain::DatasetFile> CheckFiles(
    const AllowedRoots& roots, const google::protobuf::RepeatedPtrField<v1::DatasetFile>& files,
    Violations* violations);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_CREATE_DATASET_H_
