// Whether a request may enter, from figures that the caller gathered: pure functions, cheapest
// check first. Refusals say the reason, the quota as subject, and when to come back where waiting
// helps.
#ifndef WINNOW_SERVER_SCHED_ADMISSION_H_
#define WINNOW_SERVER_SCHED_ADMISSION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/domain/quota.h"

namespace winnow::sched {

struct JobDemand {
  std::string tenant;
  int32_t threads = 1;
  int64_t memory_estimate_bytes = 0;
};

struct ServerLoad {
  bool draining = false;
  int32_t slots = 1;  // in all
  int64_t tenant_queued_jobs = 0;
  int64_t server_queued_jobs = 0;
  int64_t disk_free_bytes = 0;
  int64_t memory_total_bytes = 0;  // 0 = not known
  int64_t memory_free_bytes = 0;   // for starting now; 0 = not known
};

// UNAVAILABLE DRAINING; INVALID_ARGUMENT TOO_MANY_THREADS (refused, not clipped);
// RESOURCE_EXHAUSTED NOT_ENOUGH_MEMORY (never fits), TENANT_QUEUE_FULL, SERVER_QUEUE_FULL,
// DISK_LOW.
absl::Status AdmitJob(const JobDemand& demand, const ServerLoad& load,
                      const domain::TenantQuota& tenant, const domain::ServerQuota& server);

// For dispatch: does the job's estimate fit into what is free now? RESOURCE_EXHAUSTED MEMORY_LOW.
absl::Status FitsMemoryNow(const JobDemand& demand, const ServerLoad& load);

struct UploadDemand {
  std::string tenant;
  int64_t size_bytes = 0;
};

struct UploadLoad {
  bool draining = false;
  int64_t tenant_stored_bytes = 0;
  int64_t tenant_open_uploads = 0;
  int64_t disk_free_bytes = 0;
};

// UNAVAILABLE DRAINING; RESOURCE_EXHAUSTED UPLOAD_QUOTA, STORAGE_QUOTA, DISK_LOW.
absl::Status AdmitUpload(const UploadDemand& demand, const UploadLoad& load,
                         const domain::TenantQuota& tenant, const domain::ServerQuota& server);

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_ADMISSION_H_
