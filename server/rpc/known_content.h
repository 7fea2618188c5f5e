// Two datasets of a tenant with one content need one import.
#ifndef WINNOW_SERVER_RPC_KNOWN_CONTENT_H_
#define WINNOW_SERVER_RPC_KNOWN_CONTENT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/domain/dataset.h"
#include "server/rpc/deps.h"
#include "winnow/v1/dataset_schema.pb.h"

namespace winnow::rpc {

// Identity of a dataset before its bytes have come: SHA-256 over the schema and, per file, name,
// role, size and SHA-256. Empty when a file is read where it lies, because it may change.
std::string ContentHash(const v1::DatasetSchema& schema,
                        const std::vector<domain::DatasetFile>& files);

// When the tenant has an ACTIVE dataset with the content of the UPLOADING `dataset`: links its
// table and makes `dataset` ACTIVE. False: there is none, or it went away meanwhile. `mutex` keeps
// two uploads of one dataset from linking at the same time.
absl::StatusOr<bool> TakeKnownContent(const Deps& deps, absl::Mutex& mutex,
                                      const domain::DatasetName& dataset);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_KNOWN_CONTENT_H_
