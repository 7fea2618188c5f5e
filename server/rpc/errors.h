// The one place that turns what the service refuses or fails at into gRPC statuses with google.rpc
// details (ErrorInfo in every one), and the one table from reasons to codes.
//
// Sizes are bounded: a client of gRPC 1.51 that gets more than 8 KB of trailers sees
// RESOURCE_EXHAUSTED instead of the error.
#ifndef WINNOW_SERVER_RPC_ERRORS_H_
#define WINNOW_SERVER_RPC_ERRORS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"
#include "server/base/telemetry.h"
#include "server/domain/error.h"

namespace winnow::rpc {

inline constexpr size_t kMaxDetailBytes = 4096;  // of the serialised google.rpc.Status
inline constexpr size_t kMaxMessageBytes = 512;
inline constexpr size_t kMaxDescriptionBytes = 160;  // of one violation
inline constexpr size_t kMaxViolations = 16;         // then "+N more"
inline constexpr char kErrorDomain[] = "winnow.v1";

// The code that goes with error.reason; error.code for a reason that the table does not have.
absl::StatusCode CodeOf(const domain::Error& error);

// Every reason of the table.
std::vector<std::string> KnownReasons();

// For Job.error, Dataset.error and state changes: the error as it happened.
google::rpc::Status ToRpcStatus(const domain::Error& error);
// Code, message and the reason in ErrorInfo, if any: how a worker reports a failure.
domain::Error FromRpcStatus(const google::rpc::Status& status);

// For the answer to a call. What is our own fault (INTERNAL, UNKNOWN) is logged under an id, and
// the answer has the id alone: no paths, no SQL. OK gives OK.
grpc::Status ToGrpcStatus(const absl::Status& status);

// ToGrpcStatus for the call of `context`, which has not ended yet: adds the trailer
// grpc-retry-pushback-ms where waiting helps, and counts refusals that are no fault of the request.
grpc::Status Answer(grpc::ServerContextBase& context, server::Telemetry& telemetry,
                    const absl::Status& status);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_ERRORS_H_
