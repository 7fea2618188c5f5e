// Requests per second of a tenant: one token bucket each.
#ifndef WINNOW_SERVER_RPC_RATE_LIMITER_H_
#define WINNOW_SERVER_RPC_RATE_LIMITER_H_

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/domain/quota.h"

namespace winnow::rpc {

// A bucket holds two seconds' worth, so that a client may start with a burst. THREAD-SAFETY: any
// thread. Tenants are those of the credentials: their number is bounded.
class RateLimiter {
 public:
  // OWNERSHIP: the clock must outlive it.
  RateLimiter(const server::Clock* clock, domain::TenantQuotas quotas)
      : clock_(*clock), quotas_(std::move(quotas)) {}

  // Takes one request out of the tenant's bucket. RESOURCE_EXHAUSTED REQUEST_RATE with the time
  // until the next fits.
  absl::Status Take(const std::string& tenant);

 private:
  struct Bucket {
    double requests = 0;
    absl::Duration filled;  // Clock::Monotonic of `requests`
  };

  const server::Clock& clock_;
  const domain::TenantQuotas quotas_;
  absl::Mutex mutex_;
  std::map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_RATE_LIMITER_H_
