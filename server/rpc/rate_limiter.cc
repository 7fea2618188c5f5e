#include "server/rpc/rate_limiter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/domain/error.h"
#include "server/domain/names.h"

namespace winnow::rpc {
namespace {

constexpr double kBurstSeconds = 2;

}  // namespace

absl::Status RateLimiter::Take(const std::string& tenant) {
  const double per_second = quotas_.Of(tenant).max_requests_per_s;
  if (per_second <= 0) return absl::OkStatus();
  const double capacity = std::max(1.0, per_second * kBurstSeconds);
  double missing = 0;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration now = clock_.Monotonic();
    const auto [found, is_new] = buckets_.try_emplace(tenant, Bucket{capacity, now});
    Bucket& bucket = found->second;
    bucket.requests = std::min(
        capacity, bucket.requests + absl::ToDoubleSeconds(now - bucket.filled) * per_second);
    bucket.filled = now;
    missing = 1 - bucket.requests;
    if (missing <= 0) bucket.requests -= 1;
  }
  if (missing <= 0) return absl::OkStatus();
  domain::Error error;
  error.code = absl::StatusCode::kResourceExhausted;
  error.reason = domain::reason::kRequestRate;
  error.message = absl::StrCat("tenant ", tenant, " calls more than ", per_second,
                               " times a second, which is its limit");
  error.subject = domain::TenantName(tenant);
  error.retry_after = absl::Seconds(missing / per_second) + absl::Milliseconds(1);
  return domain::ToStatus(error);
}

}  // namespace winnow::rpc
