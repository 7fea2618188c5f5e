// What a tenant and the whole server may hold. Values are settings; these are the defaults.
#ifndef WINNOW_SERVER_DOMAIN_QUOTA_H_
#define WINNOW_SERVER_DOMAIN_QUOTA_H_

#include <cstdint>
#include <limits>
#include <map>
#include <string>

namespace winnow::domain {

struct TenantQuota {
  int64_t max_queued_jobs = 1000;
  int64_t max_running_jobs = std::numeric_limits<int32_t>::max();
  int64_t max_stored_bytes = std::numeric_limits<int64_t>::max();
  int64_t max_open_uploads = 16;
  int64_t max_watchers = 256;
  double max_requests_per_s = 0;  // 0: no limit
};

struct TenantQuotas {
  TenantQuota standard;
  std::map<std::string, TenantQuota> own;  // of tenants that have other ones

  const TenantQuota& Of(const std::string& tenant) const {
    const auto found = own.find(tenant);
    return found == own.end() ? standard : found->second;
  }
};

struct ServerQuota {
  int64_t max_queued_jobs = 20000;
  int64_t disk_floor_bytes = int64_t{256} << 20;  // below it nothing new is taken
};

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_QUOTA_H_
