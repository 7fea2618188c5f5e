// Errors of calls, with the google.rpc details that the service sends decoded.
//
// One carrier: absl::Status, whose payload "type.googleapis.com/google.rpc.Status" holds the
// details as they came over the wire. ErrorOf reads them; a Status without the payload did not come
// from the service, and its reason is empty.
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

// One bad field: its path, relative to the request's main message, and what was expected there.
struct FieldViolation {
  std::string path;
  std::string message;
  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

struct Error {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;
  std::string reason;  // the service's stable word, "JOB_NOT_FOUND"; empty if it did not answer
  std::vector<FieldViolation> violations;
  std::map<std::string, std::string> metadata;
  std::optional<absl::Duration> retry_after;  // set where waiting helps
};

// REQUIRES: !status.ok().
Error ErrorOf(const absl::Status& status);

// The status of a call, and of a failed job or dataset. OK for OK.
absl::Status FromGrpc(const grpc::Status& status);
absl::Status FromRpc(const google::rpc::Status& status);

// REQUIRES: error.code is not OK.
absl::Status ToStatus(const Error& error);

// "INVALID_ARGUMENT": how the service, gRPC and JSON output spell a code.
std::string CodeName(absl::StatusCode code);

// Whether no server took the call: nobody listens there, the connection broke, no answer in time,
// or the server is about to end.
bool IsUnreachable(const absl::Status& status);

// The same code and payload with `context` before the message.
absl::Status Annotate(const absl::Status& status, const std::string& context);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_ERROR_H_
