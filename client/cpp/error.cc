#include "client/cpp/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace winnow::client {
namespace {

constexpr char kDomain[] = "winnow.v1";
constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// An unknown kind of detail is left alone: newer servers may send more.
void AddDetail(const google::protobuf::Any& detail, Error* error) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad;
  google::rpc::RetryInfo retry;
  if (detail.UnpackTo(&info)) {
    error->reason = info.reason();
    error->metadata.insert(info.metadata().begin(), info.metadata().end());
  } else if (detail.UnpackTo(&bad)) {
    for (const auto& violation : bad.field_violations()) {
      error->violations.push_back({violation.field(), violation.description()});
    }
  } else if (detail.UnpackTo(&retry)) {
    error->retry_after = ToDuration(retry.retry_delay());
  }
}

absl::Status WithPayload(absl::StatusCode code, const std::string& message,
                         const std::string& payload) {
  absl::Status status(code, message);
  if (!payload.empty()) status.SetPayload(kPayload, absl::Cord(payload));
  return status;
}

}  // namespace

Error ErrorOf(const absl::Status& status) {
  Error error;
  error.code = status.code();
  error.message = std::string(status.message());
  const auto payload = status.GetPayload(kPayload);
  google::rpc::Status rpc;
  // Details that a proxy made up may be unreadable; code and message still hold.
  if (payload.has_value() && rpc.ParseFromString(std::string(*payload))) {
    for (const google::protobuf::Any& detail : rpc.details()) AddDetail(detail, &error);
  }
  return error;
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return WithPayload(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                     status.error_details());
}

absl::Status FromRpc(const google::rpc::Status& status) {
  if (status.code() == 0) return absl::OkStatus();
  return WithPayload(static_cast<absl::StatusCode>(status.code()), status.message(),
                     status.SerializeAsString());
}

absl::Status ToStatus(const Error& error) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(error.code));
  rpc.set_message(error.message);
  if (!error.reason.empty() || !error.metadata.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(error.reason);
    info.set_domain(kDomain);
    info.mutable_metadata()->insert(error.metadata.begin(), error.metadata.end());
    rpc.add_details()->PackFrom(info);
  }
  if (!error.violations.empty()) {
    google::rpc::BadRequest bad;
    for (const FieldViolation& violation : error.violations) {
      auto* added = bad.add_field_violations();
      added->set_field(violation.path);
      added->set_description(violation.message);
    }
    rpc.add_details()->PackFrom(bad);
  }
  if (error.retry_after.has_value()) {
    google::rpc::RetryInfo retry;
    const timespec delay = absl::ToTimespec(*error.retry_after);
    retry.mutable_retry_delay()->set_seconds(delay.tv_sec);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay.tv_nsec));
    rpc.add_details()->PackFrom(retry);
  }
  return WithPayload(error.code, error.message, rpc.SerializeAsString());
}

std::string CodeName(absl::StatusCode code) { return absl::StatusCodeToString(code); }

bool IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::Status Annotate(const absl::Status& status, const std::string& context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", std::string(status.message())));
  const auto payload = status.GetPayload(kPayload);
  if (payload.has_value()) annotated.SetPayload(kPayload, *payload);
  return annotated;
}

}  // namespace winnow::client
