// Errors of the service as absl::Status, with the google.rpc details that came along.
#ifndef WINNOW_CLIENT_CPP_ERROR_H_
#define WINNOW_CLIENT_CPP_ERROR_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace winnow::client {

// One bad field: its path, relative to the request's main message, and what was expected.
struct FieldViolation {
  std::string path;
  std::string message;
};

// What a refusal says beside code and message.
struct ErrorDetails {
  // The service's stable word for the cause ("JOB_NOT_FOUND"); empty when the service was not
  // reached.
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::vector<FieldViolation> violations;
  std::optional<absl::Duration> retry_after;
};

// The outcome of a call. ENSURES: DetailsOf() of the result has the details of the trailers.
absl::Status FromGrpc(const grpc::Status& status);

// The error of a job or dataset: Job.error, Dataset.error.
absl::Status FromRpc(const google::rpc::Status& status);

// INVALID_ARGUMENT with reason INVALID_FIELDS, as the service would refuse it: what the client
// itself finds wrong.
absl::Status InvalidFields(const std::string& message, std::vector<FieldViolation> violations);

// Empty for a status without details.
ErrorDetails DetailsOf(const absl::Status& status);

// Whether the call did not reach a server that could answer it, as against an answer that refuses.
bool IsUnreachable(const absl::Status& status);

// The same error under another message; the details stay.
absl::Status WithMessage(const absl::Status& status, const std::string& message);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_ERROR_H_
