#include "server/rpc/watch_hub.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/refused.h"

namespace winnow::rpc {
namespace {

absl::Status TooManyWatchers(const std::string& of, int64_t limit) {
  domain::Error error;
  error.code = absl::StatusCode::kResourceExhausted;
  error.reason = domain::reason::kWatchers;
  error.message = absl::StrCat(of, " has ", limit, " watchers already, which is the limit");
  error.subject = of;
  error.retry_after = absl::Seconds(5);
  return domain::ToStatus(error);
}

}  // namespace

WatchHub::WatchHub(const Deps* deps, absl::Duration period)
    : deps_(*deps), ticker_(period, [this] { Tick(); }) {}

grpc::ServerWriteReactor<v1::JobEvent>* WatchHub::Start(const Caller& caller,
                                                        grpc::CallbackServerContext* context,
                                                        const v1::WatchJobRequest& request) {
  absl::StatusOr<std::shared_ptr<WatchStream>> stream = Make(caller, context, request);
  if (!stream.ok()) {
    return Refuse<grpc::ServerWriteReactor<v1::JobEvent>>(deps_, *context, stream.status());
  }
  (*stream)->Begin();
  return stream->get();
}

absl::StatusOr<std::shared_ptr<WatchStream>> WatchHub::Make(const Caller& caller,
                                                            grpc::CallbackServerContext* context,
                                                            const v1::WatchJobRequest& request) {
  ASSIGN_OR_RETURN(const domain::JobName job, ResolveJob(caller, request.name()));
  RETURN_IF_ERROR(deps_.gate->CheckOpen());
  absl::MutexLock lock(&mutex_);
  if (draining_) return DrainingError();
  RETURN_IF_ERROR(CheckLimits(job));
  const int64_t id = ++last_id_;
  auto stream = std::make_shared<WatchStream>(deps_, caller, context, job, request.after_sequence(),
                                              [this, id] { Remove(id); });
  streams_.emplace(id, stream);
  deps_.telemetry->OnWatchersChanged(1);
  return stream;
}

absl::Status WatchHub::CheckLimits(const domain::JobName& job) const {
  int64_t of_job = 0;
  int64_t of_tenant = 0;
  for (const auto& [id, stream] : streams_) {
    of_tenant += stream->job().tenant == job.tenant;
    of_job += stream->job() == job;
  }
  const Limits& limits = deps_.limits;
  if (of_job >= limits.max_watchers_per_job) {
    return TooManyWatchers(job.ToString(), limits.max_watchers_per_job);
  }
  const int64_t tenant_limit = deps_.quotas.Of(job.tenant).max_watchers;
  if (of_tenant >= tenant_limit) {
    return TooManyWatchers(domain::TenantName(job.tenant), tenant_limit);
  }
  if (static_cast<int64_t>(streams_.size()) >= limits.max_watchers) {
    return TooManyWatchers("the server", limits.max_watchers);
  }
  return absl::OkStatus();
}

void WatchHub::Remove(int64_t id) {
  std::shared_ptr<WatchStream> stream;  // dies outside the lock
  absl::MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  stream = std::move(found->second);
  streams_.erase(found);
  deps_.telemetry->OnWatchersChanged(-1);
}

std::vector<std::shared_ptr<WatchStream>> WatchHub::Streams() {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<WatchStream>> streams;
  for (const auto& [id, stream] : streams_) streams.push_back(stream);
  return streams;
}

void WatchHub::Tick() {
  for (const std::shared_ptr<WatchStream>& stream : Streams()) stream->Tick();
}

void WatchHub::Drain() {
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  for (const std::shared_ptr<WatchStream>& stream : Streams()) {
    stream->End(DrainingError(), "DRAINING");
  }
}

}  // namespace winnow::rpc
