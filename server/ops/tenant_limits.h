// What one tenant may have: the limits of every tenant, and those that single tenants have instead.
#ifndef WINNOW_SERVER_OPS_TENANT_LIMITS_H_
#define WINNOW_SERVER_OPS_TENANT_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::ops_http {

struct TenantLimits {
  int64_t queued_jobs = 1000;
  int64_t running_jobs = 0;  // 0: no limit
  int64_t stored_bytes = 0;  // 0: no limit
  int64_t open_uploads = 16;
  int64_t watchers = 256;
  int64_t requests_per_s = 0;  // 0: no limit
};

// Sets one by its name. INVALID_ARGUMENT: unknown name, no whole number, out of range.
absl::Status SetTenantLimit(const std::string& name, const std::string& text, TenantLimits* limits);

// By tenant, from entries "TENANT.LIMIT=NUMBER"; what an entry does not name is as in `standard`.
// INVALID_ARGUMENT: one line per bad entry, with its tenant and limit.
absl::StatusOr<std::map<std::string, TenantLimits>> OwnLimits(
    const TenantLimits& standard, const std::vector<std::string>& entries);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_TENANT_LIMITS_H_
