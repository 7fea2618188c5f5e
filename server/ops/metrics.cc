#include "server/ops/metrics.h"

#include <string>

#include "server/domain/job_state.h"
#include "server/ops/metric_registry.h"
#include "server/sched/scheduler.h"

namespace winnow::ops_http {
namespace {

// How many ended jobs are remembered, so that none is counted twice.
constexpr size_t kRememberedEnds = 4096;

}  // namespace

Metrics::Metrics(const std::vector<std::pair<std::string, std::string>>& methods,
                 const std::vector<std::string>& algorithms)
    : families_(std::make_unique<MetricRegistry>()) {
  for (const auto& [service, method] : methods) {
    families_->rpc_started.Add({{"service", service}, {"method", method}});
  }
  for (const std::string& algorithm : algorithms) {
    families_->numeric_faults.Add({{"algorithm", algorithm}});
  }
}

Metrics::~Metrics() = default;

prometheus::Registry& Metrics::registry() { return families_->registry; }

bool Metrics::IsFirstEnd(const domain::Job& job) {
  absl::MutexLock lock(&mutex_);
  if (!ended_.insert(job.order).second) return false;
  ended_order_.push_back(job.order);
  if (ended_order_.size() > kRememberedEnds) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  return true;
}

void Metrics::OnJobChanged(const domain::Job& job) {
  if (!domain::IsTerminal(job.state) || !IsFirstEnd(job)) return;
  families_->finished
      .Add({{"state", domain::JobStateName(job.state)}, {"algorithm", job.config.selector}})
      .Increment();
  if (job.error.has_value() && job.error->reason == domain::reason::kNumericFault) {
    families_->numeric_faults.Add({{"algorithm", job.config.selector}}).Increment();
  }
}

void Metrics::OnRecovered(int64_t jobs) { families_->recovered.Increment(jobs); }

void Metrics::OnRpcStarted(const std::string& service, const std::string& method, bool streaming) {
  const prometheus::Labels labels = {{"service", service}, {"method", method}};
  families_->rpc_started.Add(labels).Increment();
  if (streaming) families_->rpc_streams.Add(labels).Increment();
}

void Metrics::OnRpcHandled(const std::string& service, const std::string& method,
                           const std::string& code, bool streaming, absl::Duration took) {
  const prometheus::Labels labels = {{"service", service}, {"method", method}};
  families_->rpc_handled.Add({{"service", service}, {"method", method}, {"code", code}})
      .Increment();
  if (streaming) {
    families_->rpc_streams.Add(labels).Decrement();
  } else {
    families_->rpc_seconds.Add(labels, CallSeconds()).Observe(absl::ToDoubleSeconds(took));
  }
}

void Metrics::OnRpcMessage(const std::string& service, const std::string& method) {
  families_->rpc_messages.Add({{"service", service}, {"method", method}}).Increment();
}

void Metrics::OnRejected(const std::string& reason) {
  families_->rejected.Add({{"reason", reason}}).Increment();
}

void Metrics::OnWatchersChanged(int delta) { families_->watchers.Increment(delta); }
void Metrics::OnWatchResumed() { families_->watch_resumes.Increment(); }
void Metrics::OnWatchEventsSent(int64_t count) {
  families_->watch_events.Increment(static_cast<double>(count));
}
void Metrics::OnWatchLag(int64_t events) {
  families_->watch_lag.Observe(static_cast<double>(events));
}
void Metrics::OnWatchClosed(const std::string& reason) {
  families_->watch_closed.Add({{"reason", reason}}).Increment();
}

void Metrics::OnUploadsChanged(int delta) { families_->uploads.Increment(delta); }
void Metrics::OnUploadBytes(int64_t bytes) {
  families_->upload_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::OnUploadChunkCorrupt() { families_->upload_corrupt.Increment(); }

void Metrics::OnWatchProgressDropped(int64_t count) {
  families_->watch_dropped.Increment(static_cast<double>(count));
}

void Metrics::OnAttemptStarted(int32_t priority, const char* reason, absl::Duration waited) {
  families_->attempts.Add({{"reason", reason}}).Increment();
  if (std::string(reason) != "first") return;
  const char* priority_class = sched::kPriorityClasses[sched::PriorityClass(priority)];
  families_->queue_wait.Add({{"priority", priority_class}}, WaitSeconds())
      .Observe(absl::ToDoubleSeconds(waited));
}

void Metrics::OnTraining(const std::string& algorithm, int64_t steps, double samples) {
  families_->steps.Add({{"algorithm", algorithm}}).Increment(static_cast<double>(steps));
  families_->samples.Add({{"algorithm", algorithm}}).Increment(samples);
}

void Metrics::OnCheckpoint(int64_t bytes, absl::Duration took) {
  families_->checkpoint_bytes.Increment(static_cast<double>(bytes));
  families_->checkpoint_seconds.Observe(absl::ToDoubleSeconds(took));
}

void Metrics::OnCheckpointsFailed(int64_t count) {
  families_->checkpoint_failures.Increment(static_cast<double>(count));
}

void Metrics::OnStageEnded(const std::string& algorithm, const std::string& stage,
                           absl::Duration took) {
  if (!IsKnownStage(stage)) return;
  families_->stage_seconds.Add({{"stage", stage}, {"algorithm", algorithm}}, StageSeconds())
      .Observe(absl::ToDoubleSeconds(took));
}

void Metrics::OnKernel(const std::string& kernel, absl::Duration worked) {
  if (!IsKnownKernel(kernel)) return;
  families_->kernel_seconds.Add({{"kernel", kernel}}).Increment(absl::ToDoubleSeconds(worked));
}

void Metrics::OnStoreBusy() { families_->store_busy.Increment(); }

void Metrics::OnStoreTransaction(const char* op, absl::Duration took) {
  families_->store_seconds.Add({{"op", op}}, TransactionSeconds())
      .Observe(absl::ToDoubleSeconds(took));
}

}  // namespace winnow::ops_http
