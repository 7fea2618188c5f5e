#include "server/part_options.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace winnow {
namespace {

using ops_http::Settings;

domain::TenantQuota QuotaOf(const ops_http::TenantLimits& limits) {
  const auto or_none = [](int64_t limit, int64_t none) { return limit == 0 ? none : limit; };
  domain::TenantQuota quota;
  quota.max_queued_jobs = limits.queued_jobs;
  quota.max_running_jobs = or_none(limits.running_jobs, quota.max_running_jobs);
  quota.max_stored_bytes = or_none(limits.stored_bytes, quota.max_stored_bytes);
  quota.max_open_uploads = limits.open_uploads;
  quota.max_watchers = limits.watchers;
  quota.max_requests_per_s = static_cast<double>(limits.requests_per_s);
  return quota;
}

}  // namespace

sched::SchedulerOptions SchedulerOptionsOf(const Settings& settings) {
  sched::SchedulerOptions options;
  options.data_dir = settings.data_dir;
  options.job_slots = settings.worker_slots;
  options.default_memory_limit_bytes = settings.job_memory_limit_bytes;
  options.import_memory_limit_bytes = settings.import_memory_limit_bytes;
  options.server_quota.disk_floor_bytes = settings.disk_floor_bytes;
  options.server_quota.max_queued_jobs = settings.max_queued_jobs;
  options.tenant_quotas.standard = QuotaOf(settings.tenant);
  for (const auto& [tenant, limits] : settings.tenants) {
    options.tenant_quotas.own[tenant] = QuotaOf(limits);
  }
  return options;
}

rpc::Limits LimitsOf(const Settings& settings) {
  rpc::Limits limits;
  limits.max_watchers = settings.max_watchers;
  limits.max_watchers_per_job = settings.max_watchers_per_job;
  return limits;
}

launch::LocalProcessOptions LauncherOptionsOf(const Settings& settings, const std::string& socket) {
  launch::LocalProcessOptions options;
  options.worker_argv = {settings.worker};
  options.server_socket = socket;
  const char* cap = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (cap != nullptr) options.environment.push_back(absl::StrCat("ONEDNN_MAX_CPU_ISA=", cap));
  return options;
}

const char* TlsText(const Settings& settings) {
  if (settings.tls_cert.empty()) return "off";
  return settings.tls_client_ca.empty() ? "server" : "mutual";
}

}  // namespace winnow
