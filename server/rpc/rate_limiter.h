// Requests per second of a tenant: one token bucket each.
#ifndef WINNOW_SERVER_RPC_RATE_LIMITER_H_
#define WINNOW_SERVER_RPC_RATE_LIMITER_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace winnow::rpc {

// A bucket holds two seconds' worth, so that a client may start with a burst. THREAD-SAFETY: any
// thread. Tenants are those of the credentials: their number is bounded.
class RateLimiter {
 public:
  // `per_second` 0: no limit. OWNERSHIP: the clock must outlive it.
  RateLimiter(const server::Clock* clock, double per_second)
      : clock_(*clock), per_second_(per_second) {}

  // Takes one request out of the tenant's bucket. RESOURCE_EXHAUSTED REQUEST_RATE with the time
  // until the next fits.
  absl::Status Take(const std::string& tenant);

 private:
  struct Bucket {
    double requests = 0;
    absl::Duration filled;  // Clock::Monotonic of `requests`
  };

  const server::Clock& clock_;
  const double per_second_;
  absl::Mutex mutex_;
  std::map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_RATE_LIMITER_H_
