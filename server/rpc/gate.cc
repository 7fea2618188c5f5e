#include "server/rpc/gate.h"

#include "server/domain/error.h"

namespace winnow::rpc {
namespace {

// A restarted server is usually back within seconds.
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

absl::Status Unavailable(const char* reason, const char* message) {
  domain::Error error;
  error.code = absl::StatusCode::kUnavailable;
  error.reason = reason;
  error.message = message;
  error.retry_after = kRetryAfter;
  return domain::ToStatus(error);
}

}  // namespace

absl::Status DrainingError() {
  return Unavailable(domain::reason::kDraining, "the server is shutting down");
}

absl::Status Gate::CheckOpen() const {
  if (phase_.load() != Phase::kStarting) return absl::OkStatus();
  return Unavailable(domain::reason::kStarting, "the server is starting");
}

absl::Status Gate::CheckAccepting() const {
  if (phase_.load() == Phase::kDraining) return DrainingError();
  return CheckOpen();
}

}  // namespace winnow::rpc
