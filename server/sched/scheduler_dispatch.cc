// From the queue to a process.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/sched/scheduler_impl.h"

namespace winnow::sched {
namespace {

using domain::WorkKind;

// How long a piece of work waits when the store could not claim it (a full disk, a busy store).
constexpr absl::Duration kClaimRetry = absl::Seconds(1);

}  // namespace

void SchedulerImpl::EnqueueJob(const domain::Job& job, absl::Duration not_before) {
  QueuedItem item;
  item.kind = WorkKind::kJob;
  item.tenant = job.name.tenant;
  item.id = job.name.job;
  item.priority = job.config.priority;
  item.order = job.order;
  item.threads = job.config.threads;
  item.memory_estimate_bytes = job.config.memory_estimate_bytes;
  item.create_time = job.create_time;
  item.not_before = not_before;
  absl::MutexLock lock(&mutex_);
  jobs_.Remove(item.kind, item.tenant, item.id);
  jobs_.Push(item);
}

void SchedulerImpl::EnqueueImport(const domain::Dataset& dataset, absl::Duration not_before) {
  QueuedItem item;
  item.kind = WorkKind::kImport;
  item.tenant = dataset.name.tenant;
  item.id = dataset.name.dataset;
  item.order = dataset.order;
  item.not_before = not_before;
  absl::MutexLock lock(&mutex_);
  small_work_.Remove(item.kind, item.tenant, item.id);
  small_work_.Push(item);
}

void SchedulerImpl::ScheduleDispatch() {
  {
    absl::MutexLock lock(&mutex_);
    if (dispatch_scheduled_ || draining_ || (jobs_.size() == 0 && small_work_.size() == 0)) return;
    dispatch_scheduled_ = true;
    ++dispatches_;
  }
  deps_.executor->Schedule([this] {
    {
      absl::MutexLock lock(&mutex_);
      dispatch_scheduled_ = false;
    }
    Dispatch();
    absl::MutexLock lock(&mutex_);
    --dispatches_;
  });
}

void SchedulerImpl::Dispatch() {
  SampleMemory();
  for (const bool jobs : {false, true}) {
    while (true) {
      std::optional<QueuedItem> item;
      {
        absl::MutexLock lock(&mutex_);
        item = TakeNext(jobs);
      }
      if (!item.has_value()) break;
      StartItem(*item);
    }
  }
}

void SchedulerImpl::SampleMemory() {
  if (!deps_.memory) return;
  int64_t free_bytes = 0;
  int64_t total_bytes = 0;
  deps_.memory(&free_bytes, &total_bytes);
  absl::MutexLock lock(&mutex_);
  memory_free_bytes_ = free_bytes;
  memory_total_bytes_ = total_bytes;
}

bool SchedulerImpl::Fits(const QueuedItem& item) {
  if (running_.count(KeyOf(item)) > 0) return false;  // its last worker is not gone yet
  if (item.kind != WorkKind::kJob) return busy_import_slots_ < options_.import_slots;
  if (item.threads > options_.job_slots - busy_job_slots_) return false;
  // With no job running there is nothing to wait for: the limit of the worker decides.
  if (busy_job_slots_ == 0 || memory_total_bytes_ == 0) return true;
  ServerLoad load;
  load.memory_free_bytes = std::max<int64_t>(
      1, std::min(memory_free_bytes_, memory_total_bytes_ - reserved_memory_bytes_));
  return FitsMemoryNow({item.tenant, item.threads, item.memory_estimate_bytes}, load).ok();
}

std::optional<QueuedItem> SchedulerImpl::TakeNext(bool jobs) {
  if (draining_) return std::nullopt;
  const auto may_run = [&](const std::string& tenant) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = running_jobs_.find(tenant);
    return !jobs || found == running_jobs_.end() ||
           found->second < options_.tenant_quotas.Of(tenant).max_running_jobs;
  };
  const auto fits = [&](const QueuedItem& item)
                        ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return Fits(item); };
  FairQueue& queue = jobs ? jobs_ : small_work_;
  std::optional<QueuedItem> item = queue.PopNext(deps_.clock->Monotonic(), may_run, fits);
  if (!item.has_value()) return item;
  Running& running = running_[KeyOf(*item)];
  running.item = *item;
  running.slots_taken = deps_.clock->Monotonic();
  running.id = {item->kind, item->tenant, item->id, 0};
  if (jobs) {
    busy_job_slots_ += item->threads;
    reserved_memory_bytes_ += item->memory_estimate_bytes;
    ++running_jobs_[item->tenant];
  } else {
    ++busy_import_slots_;
  }
  return item;
}

void SchedulerImpl::StartItem(const QueuedItem& item) {
  const absl::Status claimed = ClaimItem(item);
  if (claimed.ok()) {
    Launch(KeyOf(item));
  } else {
    AbandonItem(item, claimed);
  }
}

absl::Status SchedulerImpl::ClaimItem(const QueuedItem& item) {
  switch (item.kind) {
    case WorkKind::kJob:
      return ClaimJob(item);
    case WorkKind::kImport:
      return ClaimImport(item);
    case WorkKind::kInfer:
      return ClaimInference(item);
  }
  return absl::InternalError("a piece of work of no kind");
}

absl::Status SchedulerImpl::ClaimJob(const QueuedItem& item) {
  const domain::JobName name{item.tenant, item.id};
  ASSIGN_OR_RETURN(const domain::Job waiting, deps_.store->GetJob(name));
  const absl::Status inputs = CheckInputs(waiting);
  if (absl::IsFailedPrecondition(inputs)) {
    const auto failed = deps_.store->FailPendingJob(name, domain::FromStatus(inputs));
    RETURN_IF_ERROR(failed.status());
    NoteChange(*failed);
  }
  RETURN_IF_ERROR(inputs);
  ASSIGN_OR_RETURN(store::Claim claim, deps_.store->ClaimForAttempt(name));
  absl::MutexLock lock(&mutex_);
  Running& running = running_[KeyOf(item)];
  running.id = domain::JobAttempt(name, claim.job.attempt);
  running.wall_clock_left = claim.job.config.wall_clock_limit - claim.job.ran;
  running.memory_limit_bytes = MemoryLimitOf(claim.job);
  running.checkpoints = std::move(claim.checkpoints);
  return absl::OkStatus();
}

// FAILED_PRECONDITION when what the job reads is gone.
absl::Status SchedulerImpl::CheckInputs(const domain::Job& job) {
  const std::string& tenant = job.name.tenant;
  const std::string& dataset = job.config.dataset;
  if (!dataset.empty() && !deps_.files->Exists(layout_.TableDir({tenant, dataset}))) {
    return domain::MakeError(absl::StatusCode::kFailedPrecondition, domain::reason::kDatasetGone,
                             absl::StrCat("the files of dataset ", dataset, " are gone"));
  }
  if (job.config.parent_job.empty()) return absl::OkStatus();
  const domain::JobName parent{tenant, job.config.parent_job};
  const auto gone = [&](const std::string& what) {
    return domain::MakeError(absl::StatusCode::kFailedPrecondition, domain::reason::kParentGone,
                             absl::StrCat(what, " of parent_job ", parent.ToString(), " is gone"));
  };
  const absl::StatusOr<std::vector<domain::Artifact>> artifacts =
      deps_.store->ListArtifacts(parent);
  if (absl::IsNotFound(artifacts.status())) return gone("the record");
  RETURN_IF_ERROR(artifacts.status());
  for (const domain::Artifact& artifact : *artifacts) {
    const std::string path = absl::StrCat(layout_.JobDir(parent), "/", artifact.path);
    if (!deps_.files->Exists(path)) return gone(absl::StrCat("artifact ", artifact.id));
  }
  return absl::OkStatus();
}

int64_t SchedulerImpl::MemoryLimitOf(const domain::Job& job) const {
  return job.config.memory_limit_bytes > 0 ? job.config.memory_limit_bytes
                                           : options_.default_memory_limit_bytes;
}

absl::Status SchedulerImpl::ClaimImport(const QueuedItem& item) {
  const domain::DatasetName name{item.tenant, item.id};
  ASSIGN_OR_RETURN(const domain::Dataset dataset, deps_.store->ClaimForImport(name));
  absl::MutexLock lock(&mutex_);
  Running& running = running_[KeyOf(item)];
  running.id = domain::ImportAttempt(name, dataset.attempt);
  running.memory_limit_bytes = options_.import_memory_limit_bytes;
  return absl::OkStatus();
}

absl::Status SchedulerImpl::ClaimInference(const QueuedItem& item) {
  absl::MutexLock lock(&mutex_);
  Running& running = running_[KeyOf(item)];
  running.id.number = 1;
  running.memory_limit_bytes = options_.import_memory_limit_bytes;
  running.inference_request = inferences_[KeyOf(item)].request;
  return absl::OkStatus();
}

// The claim failed: nothing was started and the store has no attempt of it.
void SchedulerImpl::AbandonItem(const QueuedItem& item, const absl::Status& why) {
  const bool gone = absl::IsNotFound(why) || absl::IsFailedPrecondition(why);
  if (!gone) {
    server::LogWarning("work cannot be claimed",
                       {{"kind", item.kind == WorkKind::kJob ? "job" : "import"},
                        {"id", item.id},
                        {"error", why.ToString()}});
  }
  Running seen;
  {
    absl::MutexLock lock(&mutex_);
    seen = running_[KeyOf(item)];
  }
  seen.remove_files = false;  // not done yet
  seen.requeue = !gone;
  seen.backoff = kClaimRetry;
  while (!TryErase(seen)) {
    RemoveResourceFiles(seen.id);
    seen.remove_files = true;
  }
}

void SchedulerImpl::ReleaseSlots(const Running& running) {
  const QueuedItem& item = running.item;
  if (item.kind != WorkKind::kJob) {
    --busy_import_slots_;
    return;
  }
  busy_job_slots_ -= item.threads;
  busy_slot_time_ += item.threads * (deps_.clock->Monotonic() - running.slots_taken);
  reserved_memory_bytes_ -= item.memory_estimate_bytes;
  if (--running_jobs_[item.tenant] == 0) running_jobs_.erase(item.tenant);
}

void SchedulerImpl::Launch(const WorkKey& key) {
  launch::LaunchSpec spec;
  {
    absl::MutexLock lock(&mutex_);
    Running& running = running_[key];
    running.secret = deps_.ids->NewSecret();
    running.started = running.last_sign = running.last_checkpoint = deps_.clock->Monotonic();
    spec.attempt = running.id;
    spec.secret = running.secret;
    spec.directory = layout_.AttemptDir(running.id);
    spec.log_file = layout_.WorkerLog(running.id);
    spec.memory_limit_bytes = running.memory_limit_bytes;
  }
  const absl::Status launched =
      deps_.launcher->Launch(spec, [this](const domain::AttemptId& attempt,
                                          const domain::ExitInfo& exit) { OnExit(attempt, exit); });
  if (!launched.ok()) {
    FailLaunch(spec.attempt, launched);
    return;
  }
  server::LogInfo("worker started", {{"attempt", spec.attempt.ToString()}});
  KillCause kill = KillCause::kNone;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(spec.attempt);
    if (running == nullptr) return;  // it has come and gone
    if (running->phase == Phase::kStarting) running->phase = Phase::kLaunched;
    // A cancel or a delete that came while the process was being made.
    if (running->kill_at_cause != KillCause::kNone && running->phase == Phase::kLaunched) {
      kill = running->kill_at_cause;
    }
  }
  if (kill != KillCause::kNone) Kill(spec.attempt, kill);
}

void SchedulerImpl::FailLaunch(const domain::AttemptId& attempt, const absl::Status& why) {
  server::LogError("worker cannot be started",
                   {{"attempt", attempt.ToString()}, {"error", why.ToString()}});
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    running->exited = true;
    running->exit_recorded = true;  // there was no process
    running->launch_error = std::string(why.message());
    running->settling = true;
  }
  SettleExit(attempt);
}

}  // namespace winnow::sched
