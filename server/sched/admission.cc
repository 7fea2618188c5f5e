#include "server/sched/admission.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/domain/names.h"

namespace winnow::sched {
namespace {

namespace reason = domain::reason;

// When a refused caller should try again: a queue empties by jobs that take seconds to hours, a
// disk by hand.
constexpr absl::Duration kQueueRetry = absl::Seconds(30);
constexpr absl::Duration kDiskRetry = absl::Minutes(5);
// A drain is followed by a restart.
constexpr absl::Duration kDrainRetry = absl::Seconds(5);

absl::Status Refuse(absl::StatusCode code, const char* reason, const std::string& message,
                    const std::string& subject, std::optional<absl::Duration> retry_after) {
  domain::Error error;
  error.code = code;
  error.reason = reason;
  error.message = message;
  error.subject = subject;
  error.retry_after = retry_after;
  return domain::ToStatus(error);
}

absl::Status RefuseWhileDraining(bool draining) {
  if (!draining) return absl::OkStatus();
  return Refuse(absl::StatusCode::kUnavailable, reason::kDraining,
                "the server is shutting down and takes no new work", "server", kDrainRetry);
}

absl::Status RequireDisk(int64_t free_bytes, int64_t needed_bytes,
                         const domain::ServerQuota& server) {
  if (free_bytes - needed_bytes >= server.disk_floor_bytes) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, reason::kDiskLow,
                absl::StrCat("the server's disk has ", free_bytes, " bytes free; ", needed_bytes,
                             " are asked for and ", server.disk_floor_bytes, " must stay free"),
                "disk", kDiskRetry);
}

}  // namespace

absl::Status AdmitJob(const JobDemand& demand, const ServerLoad& load,
                      const domain::TenantQuota& tenant, const domain::ServerQuota& server) {
  RETURN_IF_ERROR(RefuseWhileDraining(load.draining));
  if (demand.threads < 1 || demand.threads > load.slots) {
    return Refuse(absl::StatusCode::kInvalidArgument, reason::kTooManyThreads,
                  absl::StrCat("the job asks for ", demand.threads, " threads; 1 to ", load.slots,
                               " are possible on this server"),
                  "training.threads", std::nullopt);
  }
  if (load.memory_total_bytes > 0 && demand.memory_estimate_bytes > load.memory_total_bytes) {
    return Refuse(absl::StatusCode::kResourceExhausted, reason::kNotEnoughMemory,
                  absl::StrCat("the job needs an estimated ", demand.memory_estimate_bytes,
                               " bytes of memory; this server has ", load.memory_total_bytes),
                  "memory", std::nullopt);
  }
  if (load.tenant_queued_jobs >= tenant.max_queued_jobs) {
    return Refuse(absl::StatusCode::kResourceExhausted, reason::kTenantQueueFull,
                  absl::StrCat("tenant ", demand.tenant, " has ", load.tenant_queued_jobs,
                               " jobs waiting; at most ", tenant.max_queued_jobs, " are allowed"),
                  domain::TenantName(demand.tenant), kQueueRetry);
  }
  if (load.server_queued_jobs >= server.max_queued_jobs) {
    return Refuse(absl::StatusCode::kResourceExhausted, reason::kServerQueueFull,
                  absl::StrCat("the server has ", load.server_queued_jobs,
                               " jobs waiting; at most ", server.max_queued_jobs, " are allowed"),
                  "server", kQueueRetry);
  }
  return RequireDisk(load.disk_free_bytes, 0, server);
}

absl::Status FitsMemoryNow(const JobDemand& demand, const ServerLoad& load) {
  if (load.memory_free_bytes == 0 || demand.memory_estimate_bytes <= load.memory_free_bytes) {
    return absl::OkStatus();
  }
  return Refuse(absl::StatusCode::kResourceExhausted, reason::kMemoryLow,
                absl::StrCat("the job needs an estimated ", demand.memory_estimate_bytes,
                             " bytes of memory; ", load.memory_free_bytes, " are free now"),
                "memory", kQueueRetry);
}

absl::Status AdmitUpload(const UploadDemand& demand, const UploadLoad& load,
                         const domain::TenantQuota& tenant, const domain::ServerQuota& server) {
  RETURN_IF_ERROR(RefuseWhileDraining(load.draining));
  const std::string subject = domain::TenantName(demand.tenant);
  if (load.tenant_open_uploads >= tenant.max_open_uploads) {
    return Refuse(absl::StatusCode::kResourceExhausted, reason::kUploadQuota,
                  absl::StrCat("tenant ", demand.tenant, " has ", load.tenant_open_uploads,
                               " open uploads; at most ", tenant.max_open_uploads, " are allowed"),
                  subject, kQueueRetry);
  }
  // Written so that nothing overflows.
  if (demand.size_bytes > tenant.max_stored_bytes - load.tenant_stored_bytes) {
    return Refuse(absl::StatusCode::kResourceExhausted, reason::kStorageQuota,
                  absl::StrCat("tenant ", demand.tenant, " stores ", load.tenant_stored_bytes,
                               " bytes and asks for ", demand.size_bytes, " more; at most ",
                               tenant.max_stored_bytes, " are allowed"),
                  subject, std::nullopt);
  }
  return RequireDisk(load.disk_free_bytes, demand.size_bytes, server);
}

}  // namespace winnow::sched
