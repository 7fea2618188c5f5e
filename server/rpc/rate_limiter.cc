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
  if (per_second_ <= 0) return absl::OkStatus();
  const double capacity = std::max(1.0, per_second_ * kBurstSeconds);
  double missing = 0;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration now = clock_.Monotonic();
    const auto [found, is_new] = buckets_.try_emplace(tenant, Bucket{capacity, now});
    Bucket& bucket = found->second;
    bucket.requests = std::min(
        capacity, bucket.requests + absl::ToDoubleSeconds(now - bucket.filled) * per_second_);
    bucket.filled = now;
    missing = 1 - bucket.requests;
    if (missing <= 0) bucket.requests -= 1;
  }
  if (missing <= 0) return absl::OkStatus();
  domain::Error error;
  error.code = absl::StatusCode::kResourceExhausted;
  error.reason = domain::reason::kRequestRate;
  error.message = absl::StrCat("tenant ", tenant, " calls more than ", per_second_,
                               " times a second, which is its limit");
  error.subject = domain::TenantName(tenant);
  error.retry_after = absl::Seconds(missing / per_second_) + absl::Milliseconds(1);
  return domain::ToStatus(error);
}

}  // namespace winnow::rpc
