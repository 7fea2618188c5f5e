#include "server/rpc/system_service.h"

#include <limits>

#include "server/rpc/errors.h"
#include "server/rpc/unary.h"
#include "server/spec/capabilities.h"

namespace winnow::rpc {
namespace {

// The contract says 0 where there is no limit.
template <typename Number>
Number LimitOrZero(Number value) {
  return value == std::numeric_limits<Number>::max() ? 0 : value;
}

v1::Limits LimitsToProto(const Deps& deps, const SystemFacts& facts, const Caller& caller) {
  const Limits& limits = deps.limits;
  const domain::TenantQuota& tenant = deps.quotas.Of(caller.tenant);
  v1::Limits to;
  to.set_max_receive_message_bytes(limits.max_receive_message_bytes);
  to.set_max_chunk_bytes(limits.max_chunk_bytes);
  to.set_max_page_size(store::kMaxPageSize);
  to.set_max_watchers_per_job(limits.max_watchers_per_job);
  to.set_max_watchers_per_tenant(static_cast<int32_t>(tenant.max_watchers));
  to.set_max_watchers(limits.max_watchers);
  to.set_max_error_detail_bytes(static_cast<int64_t>(kMaxDetailBytes));
  to.set_max_progress_per_s(1.0 / absl::ToDoubleSeconds(limits.progress_interval));
  to.set_worker_slots(deps.scheduler->Load().job_slots);
  to.set_max_pending_jobs_per_tenant(static_cast<int32_t>(tenant.max_queued_jobs));
  to.set_max_pending_jobs(static_cast<int32_t>(facts.server_quota.max_queued_jobs));
  to.set_max_stored_bytes_per_tenant(LimitOrZero(tenant.max_stored_bytes));
  to.set_max_running_jobs_per_tenant(LimitOrZero(static_cast<int32_t>(tenant.max_running_jobs)));
  to.set_max_open_uploads_per_tenant(static_cast<int32_t>(tenant.max_open_uploads));
  to.set_max_requests_per_s_per_tenant(tenant.max_requests_per_s);
  return to;
}

}  // namespace

grpc::ServerUnaryReactor* SystemServiceImpl::GetCapabilities(
    grpc::CallbackServerContext* context, const v1::GetCapabilitiesRequest* /*request*/,
    v1::Capabilities* response) {
  return RunUnary(deps_, context, method::kGetCapabilities,
                  [this, response](const Caller& caller) -> absl::Status {
                    *response = spec::AlgorithmCapabilities();
                    response->set_version(facts_.version);
                    response->set_instruction_set(facts_.instruction_set);
                    *response->mutable_limits() = LimitsToProto(deps_, facts_, caller);
                    return absl::OkStatus();
                  });
}

}  // namespace winnow::rpc
