// Request ids: which resource an earlier create call made.
#ifndef WINNOW_SERVER_STORE_REQUESTS_H_
#define WINNOW_SERVER_STORE_REQUESTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/common.h"
#include "server/store/database.h"

namespace winnow::store {

enum class RequestMethod { kCreateJob, kCreateDataset };

// The row id of what the request made, or nothing when it is new (or has no id). INVALID_ARGUMENT
// REQUEST_ID_REUSED when it came with another body.
absl::StatusOr<std::optional<int64_t>> FindRequest(Database& database, const std::string& tenant,
                                                   RequestMethod method, const RequestKey& request);

// Does nothing without an id.
absl::Status InsertRequest(Database& database, const std::string& tenant, RequestMethod method,
                           const RequestKey& request, int64_t resource_row);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_REQUESTS_H_
