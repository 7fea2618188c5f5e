#include "client/cpp/error.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"

namespace winnow::client {
namespace {

// Where a status carries its serialised google.rpc.Status.
constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";

void AddDetail(const google::protobuf::Any& any, ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest request;
  google::rpc::RetryInfo retry;
  if (any.UnpackTo(&info)) {
    details.reason = info.reason();
    for (const auto& [key, value] : info.metadata()) details.metadata[key] = value;
  } else if (any.UnpackTo(&request)) {
    for (const auto& violation : request.field_violations()) {
      details.violations.push_back({violation.field(), violation.description()});
    }
  } else if (any.UnpackTo(&retry)) {
    details.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                          absl::Nanoseconds(retry.retry_delay().nanos());
  }
}

absl::Status Build(int code, const std::string& message, const std::string& details) {
  absl::Status status(static_cast<absl::StatusCode>(code), message);
  if (!details.empty()) status.SetPayload(kPayload, absl::Cord(details));
  return status;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return Build(status.error_code(), status.error_message(), status.error_details());
}

absl::Status FromRpc(const google::rpc::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  return Build(status.code(), status.message(), status.SerializeAsString());
}

absl::Status InvalidFields(const std::string& message, std::vector<FieldViolation> violations) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason("INVALID_FIELDS");
  info.set_domain("winnow.v1");
  status.add_details()->PackFrom(info);
  google::rpc::BadRequest request;
  for (FieldViolation& violation : violations) {
    auto* field = request.add_field_violations();
    field->set_field(std::move(violation.path));
    field->set_description(std::move(violation.message));
  }
  status.add_details()->PackFrom(request);
  return FromRpc(status);
}

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  const auto payload = status.GetPayload(kPayload);
  google::rpc::Status rpc;
  // A proxy's own idea of details does not parse; code and message still hold.
  if (!payload || !rpc.ParseFromString(std::string(*payload))) return details;
  for (const auto& detail : rpc.details()) AddDetail(detail, details);
  return details;
}

bool IsUnreachable(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

absl::Status WithMessage(const absl::Status& status, const std::string& message) {
  absl::Status result(status.code(), message);
  if (const auto payload = status.GetPayload(kPayload)) result.SetPayload(kPayload, *payload);
  return result;
}

}  // namespace winnow::client
