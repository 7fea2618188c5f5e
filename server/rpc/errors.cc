#include "server/rpc/errors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/ids.h"
#include "server/base/log.h"
#include "server/rpc/text.h"

namespace winnow::rpc {
namespace {

using absl::StatusCode;
using domain::Error;
namespace reason = domain::reason;

struct Row {
  const char* reason;
  StatusCode code;
};

constexpr Row kTable[] = {
    {reason::kInvalidFields, StatusCode::kInvalidArgument},
    {reason::kInvalidName, StatusCode::kInvalidArgument},
    {reason::kInvalidFilter, StatusCode::kInvalidArgument},
    {reason::kInvalidPageToken, StatusCode::kInvalidArgument},
    {reason::kUnknownAlgorithm, StatusCode::kInvalidArgument},
    {reason::kRequestIdReused, StatusCode::kInvalidArgument},
    {reason::kChecksumMismatch, StatusCode::kInvalidArgument},
    {reason::kPathNotAllowed, StatusCode::kInvalidArgument},
    {reason::kBadData, StatusCode::kInvalidArgument},
    {reason::kTooManyThreads, StatusCode::kInvalidArgument},
    {reason::kJobNotFound, StatusCode::kNotFound},
    {reason::kDatasetNotFound, StatusCode::kNotFound},
    {reason::kArtifactNotFound, StatusCode::kNotFound},
    {reason::kJobExists, StatusCode::kAlreadyExists},
    {reason::kDatasetExists, StatusCode::kAlreadyExists},
    {reason::kDatasetNotReady, StatusCode::kFailedPrecondition},
    {reason::kDatasetInUse, StatusCode::kFailedPrecondition},
    {reason::kDatasetGone, StatusCode::kFailedPrecondition},
    {reason::kDatasetTooSmall, StatusCode::kFailedPrecondition},
    {reason::kJobNotRunning, StatusCode::kFailedPrecondition},
    {reason::kJobNotPaused, StatusCode::kFailedPrecondition},
    {reason::kJobNotTerminal, StatusCode::kFailedPrecondition},
    {reason::kJobInUse, StatusCode::kFailedPrecondition},
    {reason::kParentNotReady, StatusCode::kFailedPrecondition},
    {reason::kParentGone, StatusCode::kFailedPrecondition},
    {reason::kUploadNotOpen, StatusCode::kFailedPrecondition},
    {reason::kUploadIncomplete, StatusCode::kFailedPrecondition},
    {reason::kEventsCompacted, StatusCode::kOutOfRange},
    {reason::kSequenceAhead, StatusCode::kOutOfRange},
    {reason::kWrongOffset, StatusCode::kOutOfRange},
    {reason::kEtagMismatch, StatusCode::kAborted},
    {reason::kStaleAttempt, StatusCode::kAborted},
    {reason::kChunkCorrupt, StatusCode::kAborted},
    {reason::kUploadBusy, StatusCode::kAborted},
    {reason::kTenantQueueFull, StatusCode::kResourceExhausted},
    {reason::kServerQueueFull, StatusCode::kResourceExhausted},
    {reason::kStorageQuota, StatusCode::kResourceExhausted},
    {reason::kUploadQuota, StatusCode::kResourceExhausted},
    {reason::kWatchers, StatusCode::kResourceExhausted},
    {reason::kRequestRate, StatusCode::kResourceExhausted},
    {reason::kDiskLow, StatusCode::kResourceExhausted},
    {reason::kMemoryLow, StatusCode::kResourceExhausted},
    {reason::kNotEnoughMemory, StatusCode::kResourceExhausted},
    {reason::kStarting, StatusCode::kUnavailable},
    {reason::kDraining, StatusCode::kUnavailable},
    {reason::kStoreBusy, StatusCode::kUnavailable},
    {reason::kWatcherTooSlow, StatusCode::kUnavailable},
    {reason::kTokenMissing, StatusCode::kUnauthenticated},
    {reason::kTokenInvalid, StatusCode::kUnauthenticated},
    {reason::kTokenExpired, StatusCode::kUnauthenticated},
    {reason::kTenantMismatch, StatusCode::kPermissionDenied},
    {reason::kRoleMissing, StatusCode::kPermissionDenied},
    {reason::kBadSecret, StatusCode::kPermissionDenied},
    {reason::kNotBuilt, StatusCode::kUnimplemented},
    {reason::kInternal, StatusCode::kInternal},
    {reason::kDataCorrupt, StatusCode::kDataLoss},
    // Ends of jobs and imports.
    {reason::kCrashLoop, StatusCode::kInternal},
    {reason::kWorkerOutOfMemory, StatusCode::kResourceExhausted},
    {reason::kWallClockExceeded, StatusCode::kDeadlineExceeded},
    {reason::kEventMismatch, StatusCode::kInternal},
    {reason::kNumericFault, StatusCode::kFailedPrecondition},
    {reason::kCancelled, StatusCode::kCancelled},
};

const Row* FindRow(const std::string& reason) {
  for (const Row& row : kTable) {
    if (reason == row.reason) return &row;
  }
  return nullptr;
}

// tenants/t/jobs/j/artifacts/a is a winnow.v1/Artifact.
std::string ResourceType(const std::string& name) {
  if (name.find("/artifacts/") != std::string::npos) return "winnow.v1/Artifact";
  if (name.find("/jobs/") != std::string::npos) return "winnow.v1/Job";
  if (name.find("/datasets/") != std::string::npos) return "winnow.v1/Dataset";
  return "";
}

template <typename Message>
void Add(google::rpc::Status& status, const Message& message) {
  status.add_details()->PackFrom(message);
}

void AddInfo(google::rpc::Status& status, const Error& error) {
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : error.metadata) {
    (*info.mutable_metadata())[Shorten(key, 64)] = Shorten(value, 256);
  }
  Add(status, info);
}

void AddSubject(google::rpc::Status& status, const Error& error) {
  if (error.subject.empty()) return;
  const std::string subject = Shorten(error.subject, 256);
  if (error.code == StatusCode::kResourceExhausted) {
    google::rpc::QuotaFailure quota;
    auto& violation = *quota.add_violations();
    violation.set_subject(subject);
    violation.set_description(Shorten(error.message, kMaxDescriptionBytes));
    Add(status, quota);
  } else if (error.code == StatusCode::kFailedPrecondition) {
    google::rpc::PreconditionFailure failure;
    auto& violation = *failure.add_violations();
    violation.set_type(error.reason);
    violation.set_subject(subject);
    violation.set_description(Shorten(error.message, kMaxDescriptionBytes));
    Add(status, failure);
  } else if (error.code == StatusCode::kNotFound || error.code == StatusCode::kAlreadyExists) {
    google::rpc::ResourceInfo resource;
    resource.set_resource_type(ResourceType(subject));
    resource.set_resource_name(subject);
    Add(status, resource);
  }
}

void AddRetry(google::rpc::Status& status, const Error& error) {
  if (!error.retry_after.has_value()) return;
  const int64_t ms = absl::ToInt64Milliseconds(*error.retry_after);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(ms / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(ms % 1000 * 1'000'000));
  Add(status, retry);
}

// As many violations as kMaxViolations and kMaxDetailBytes allow, then how many there are besides.
void AddViolations(google::rpc::Status& status, const Error& error) {
  if (error.violations.empty()) return;
  constexpr size_t kReserved = 96;  // the last entry, the Any around it all, lengths
  const size_t room = kMaxDetailBytes - std::min(kMaxDetailBytes, status.ByteSizeLong());
  google::rpc::BadRequest bad;
  for (const domain::FieldViolation& from : error.violations) {
    auto& violation = *bad.add_field_violations();
    violation.set_field(Shorten(from.field, kMaxDescriptionBytes));
    violation.set_description(Shorten(from.description, kMaxDescriptionBytes));
    const size_t count = static_cast<size_t>(bad.field_violations_size());
    if (count <= kMaxViolations && bad.ByteSizeLong() + kReserved <= room) continue;
    bad.mutable_field_violations()->RemoveLast();
    bad.add_field_violations()->set_description(
        absl::StrCat("+", error.violations.size() - (count - 1), " more"));
    break;
  }
  Add(status, bad);
}

bool IsOurFault(StatusCode code) {
  return code == StatusCode::kInternal || code == StatusCode::kUnknown;
}

// What the client gets to see instead; the log has the rest.
Error Hidden(const Error& error) {
  const std::string id = server::SystemIdSource()->NewSecret().substr(0, 12);
  server::LogError("a call failed inside the server",
                   {{"id", id}, {"reason", error.reason}, {"error", error.message}});
  Error hidden;
  hidden.code = StatusCode::kInternal;
  hidden.reason = reason::kInternal;
  hidden.message = absl::StrCat("internal error ", id, "; the server's log has its cause");
  hidden.metadata["id"] = id;
  return hidden;
}

}  // namespace

StatusCode CodeOf(const Error& error) {
  const Row* row = FindRow(error.reason);
  return row == nullptr ? error.code : row->code;
}

std::vector<std::string> KnownReasons() {
  std::vector<std::string> reasons;
  for (const Row& row : kTable) reasons.push_back(row.reason);
  return reasons;
}

google::rpc::Status ToRpcStatus(const Error& original) {
  Error error = original;
  error.code = CodeOf(original);
  google::rpc::Status status;
  status.set_code(static_cast<int>(error.code));
  status.set_message(Shorten(error.message, kMaxMessageBytes));
  AddInfo(status, error);
  AddRetry(status, error);
  AddSubject(status, error);
  AddViolations(status, error);
  // Only hostile metadata comes here: the reason alone still fits.
  if (status.ByteSizeLong() > kMaxDetailBytes) {
    status.clear_details();
    error.metadata.clear();
    AddInfo(status, error);
  }
  return status;
}

Error FromRpcStatus(const google::rpc::Status& status) {
  Error error;
  error.code = static_cast<StatusCode>(status.code());
  error.message = status.message();
  for (const auto& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    error.reason = info.reason();
    error.metadata = {info.metadata().begin(), info.metadata().end()};
  }
  return error;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  Error error = domain::FromStatus(status);
  error.code = CodeOf(error);
  if (IsOurFault(error.code)) error = Hidden(error);
  const google::rpc::Status rpc = ToRpcStatus(error);
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(),
                      rpc.SerializeAsString());
}

grpc::Status Answer(grpc::ServerContextBase& context, server::Telemetry& telemetry,
                    const absl::Status& status) {
  if (!status.ok()) {
    const Error error = domain::FromStatus(status);
    const StatusCode code = CodeOf(error);
    if (code == StatusCode::kResourceExhausted || code == StatusCode::kUnavailable) {
      telemetry.OnRejected(FindRow(error.reason) == nullptr ? "OTHER" : error.reason);
    }
    if (error.retry_after.has_value()) {
      context.AddTrailingMetadata("grpc-retry-pushback-ms",
                                  std::to_string(absl::ToInt64Milliseconds(*error.retry_after)));
    }
  }
  return ToGrpcStatus(status);
}

}  // namespace winnow::rpc
