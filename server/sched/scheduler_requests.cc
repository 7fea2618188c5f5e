// What users ask: submit, cancel, stop, pause, resume, delete; imports and inferences.
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/sched/scheduler_impl.h"

namespace winnow::sched {
namespace {

using domain::Job;
using domain::JobName;
using domain::JobState;
using domain::WorkKind;

// Inferences are answered within a call; more than this waiting means that the call is not worth
// waiting for.
constexpr int64_t kMaxWaitingInferences = 16;

WorkKey KeyOf(const JobName& name) { return {WorkKind::kJob, name.tenant, name.job}; }
WorkKey KeyOf(const domain::DatasetName& name) {
  return {WorkKind::kImport, name.tenant, name.dataset};
}

}  // namespace

absl::Status SchedulerImpl::Admit(const store::NewJob& job) {
  ASSIGN_OR_RETURN(const int64_t disk_free_bytes, deps_.files->FreeBytes(layout_.root()));
  SampleMemory();
  JobDemand demand{job.name.tenant, job.config.threads, job.config.memory_estimate_bytes};
  ServerLoad load;
  absl::MutexLock lock(&mutex_);
  const auto submitting = submitting_.find(job.name.tenant);
  load.draining = draining_;
  load.slots = options_.job_slots;
  load.tenant_queued_jobs =
      jobs_.size_of(job.name.tenant) + (submitting == submitting_.end() ? 0 : submitting->second);
  load.server_queued_jobs = jobs_.size();
  for (const auto& [tenant, count] : submitting_) load.server_queued_jobs += count;
  load.disk_free_bytes = disk_free_bytes;
  load.memory_total_bytes = memory_total_bytes_;
  load.memory_free_bytes = memory_free_bytes_;
  return AdmitJob(demand, load, options_.tenant_quotas.Of(demand.tenant), options_.server_quota);
}

absl::Status SchedulerImpl::CheckJob(const store::NewJob& job) { return Admit(job); }

absl::StatusOr<store::Created<Job>> SchedulerImpl::SubmitJob(const store::NewJob& job,
                                                             const store::RequestKey& request) {
  if (!request.request_id.empty()) {
    absl::StatusOr<Job> earlier = deps_.store->FindJobByRequest(job.name.tenant, request);
    if (earlier.ok()) return store::Created<Job>{*std::move(earlier), true};
    if (!absl::IsNotFound(earlier.status())) return earlier.status();
  }
  RETURN_IF_ERROR(Admit(job));
  {
    absl::MutexLock lock(&mutex_);
    ++submitting_[job.name.tenant];
  }
  absl::StatusOr<store::Created<Job>> created = deps_.store->CreateJob(job, request);
  if (created.ok() && !created->replayed) EnqueueJob(created->resource, absl::ZeroDuration());
  {
    absl::MutexLock lock(&mutex_);
    if (--submitting_[job.name.tenant] == 0) submitting_.erase(job.name.tenant);
  }
  ScheduleDispatch();
  return created;
}

std::optional<domain::AttemptId> SchedulerImpl::RunningAttempt(const WorkKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = running_.find(key);
  if (found == running_.end()) return std::nullopt;
  return found->second.id;
}

absl::StatusOr<Job> SchedulerImpl::CancelJob(const JobName& name, int64_t revision) {
  ASSIGN_OR_RETURN(Job job, deps_.store->RequestCancel(name, revision));
  std::optional<domain::AttemptId> asked;
  std::optional<domain::AttemptId> killed;
  {
    absl::MutexLock lock(&mutex_);
    jobs_.Remove(WorkKind::kJob, name.tenant, name.job);
    const auto found = running_.find(KeyOf(name));
    if (job.state == JobState::kCancelling && found != running_.end()) {
      Running& running = found->second;
      running.cancel_requested = true;
      KillNoLaterThan(running, deps_.clock->Monotonic() + options_.cancel_grace,
                      KillCause::kCancel);
      if (running.phase == Phase::kAttached) {
        asked = running.id;
      } else {
        killed = MarkForKill(running, KillCause::kCancel);  // nobody there to be asked
      }
    }
  }
  if (asked.has_value()) Send(*asked, Command::kCancel);
  KillProcess(killed);
  NoteChange(job);
  ScheduleDispatch();
  return job;
}

absl::StatusOr<Job> SchedulerImpl::StopJob(const JobName& name, int64_t revision) {
  ASSIGN_OR_RETURN(Job job, deps_.store->RequestStop(name, revision));
  const std::optional<domain::AttemptId> attempt = RunningAttempt(KeyOf(name));
  if (attempt.has_value()) Send(*attempt, Command::kStop);
  return job;
}

absl::StatusOr<Job> SchedulerImpl::PauseJob(const JobName& name, int64_t revision) {
  ASSIGN_OR_RETURN(Job job, deps_.store->RequestPause(name, revision));
  std::optional<domain::AttemptId> attempt;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(KeyOf(name));
    if (job.pause_requested && found != running_.end()) {
      found->second.yield_requested = true;
      attempt = found->second.id;
    }
  }
  if (attempt.has_value()) Send(*attempt, Command::kYield);
  return job;
}

absl::StatusOr<Job> SchedulerImpl::ResumeJob(const JobName& name, int64_t revision) {
  ASSIGN_OR_RETURN(Job job, deps_.store->ResumeJob(name, revision));
  if (job.state == JobState::kPending) {
    EnqueueJob(job, absl::ZeroDuration());
    ScheduleDispatch();
  }
  return job;
}

absl::Status SchedulerImpl::DeleteJob(const JobName& name) {
  RETURN_IF_ERROR(deps_.store->DeleteJob(name));
  bool remove_now = false;
  std::optional<domain::AttemptId> lingering;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = running_.find(KeyOf(name));
    if (found != running_.end()) {
      found->second.remove_files = true;  // they go with the worker
      lingering = MarkForKill(found->second, KillCause::kDeleted);
    } else {
      remove_now = true;
    }
  }
  KillProcess(lingering);
  return remove_now ? deps_.files->RemoveAll(layout_.JobDir(name)) : absl::OkStatus();
}

absl::Status SchedulerImpl::CheckUpload(const std::string& tenant, int64_t size_bytes) {
  UploadLoad load;
  ASSIGN_OR_RETURN(load.disk_free_bytes, deps_.files->FreeBytes(layout_.root()));
  ASSIGN_OR_RETURN(load.tenant_stored_bytes, deps_.store->StoredBytes(tenant));
  ASSIGN_OR_RETURN(load.tenant_open_uploads, deps_.store->CountOpenUploads(tenant));
  {
    absl::MutexLock lock(&mutex_);
    load.draining = draining_;
  }
  return AdmitUpload({tenant, size_bytes}, load, options_.tenant_quotas.Of(tenant),
                     options_.server_quota);
}

absl::StatusOr<domain::Dataset> SchedulerImpl::StartImport(const domain::DatasetName& name) {
  ASSIGN_OR_RETURN(domain::Dataset dataset, deps_.store->BeginImport(name));
  EnqueueImport(dataset, absl::ZeroDuration());
  ScheduleDispatch();
  return dataset;
}

absl::Status SchedulerImpl::DeleteDataset(const domain::DatasetName& name) {
  RETURN_IF_ERROR(deps_.store->DeleteDataset(name));
  std::optional<domain::AttemptId> importing;
  bool remove_now = false;
  {
    absl::MutexLock lock(&mutex_);
    small_work_.Remove(WorkKind::kImport, name.tenant, name.dataset);
    const auto found = running_.find(KeyOf(name));
    if (found != running_.end()) {
      found->second.remove_files = true;  // they go with the worker
      importing = MarkForKill(found->second, KillCause::kDeleted);
    } else {
      remove_now = true;
    }
  }
  KillProcess(importing);
  const absl::Status uploads = deps_.files->RemoveAll(layout_.UploadDir(name));
  if (!remove_now) return uploads;
  const absl::Status table = deps_.files->RemoveAll(layout_.DatasetDir(name));
  return uploads.ok() ? table : uploads;
}

absl::StatusOr<domain::AttemptId> SchedulerImpl::StartInference(const std::string& tenant,
                                                                const std::string& request,
                                                                InferenceDone done) {
  domain::AttemptId attempt{WorkKind::kInfer, tenant, deps_.ids->NewJobId(), 1};
  {
    absl::MutexLock lock(&mutex_);
    if (draining_ || static_cast<int64_t>(inferences_.size()) >= kMaxWaitingInferences) {
      domain::Error error;
      error.code =
          draining_ ? absl::StatusCode::kUnavailable : absl::StatusCode::kResourceExhausted;
      error.reason = draining_ ? domain::reason::kDraining : domain::reason::kServerQueueFull;
      error.message = draining_ ? "the server is shutting down and takes no new work"
                                : absl::StrCat("the server already has ", kMaxWaitingInferences,
                                               " schema inferences under way");
      error.retry_after = absl::Seconds(5);
      return domain::ToStatus(error);
    }
    inferences_[sched::KeyOf(attempt)] = Inference{request, std::move(done)};
    QueuedItem item;
    item.kind = WorkKind::kInfer;
    item.tenant = tenant;
    item.id = attempt.id;
    // Before waiting imports: a person waits for the answer.
    item.order = std::numeric_limits<int64_t>::min() + inference_order_++;
    small_work_.Push(item);
  }
  ScheduleDispatch();
  return attempt;
}

void SchedulerImpl::CancelInference(const domain::AttemptId& attempt) {
  Inference waiting;
  std::optional<domain::AttemptId> killed;
  {
    absl::MutexLock lock(&mutex_);
    const WorkKey key = sched::KeyOf(attempt);
    const auto running = running_.find(key);
    if (running != running_.end()) {
      killed = MarkForKill(running->second, KillCause::kCancel);
    } else if (small_work_.Remove(WorkKind::kInfer, attempt.tenant, attempt.id)) {
      waiting = std::move(inferences_[key]);
      inferences_.erase(key);
    }
  }
  KillProcess(killed);
  if (!waiting.done) return;
  waiting.done(domain::MakeError(absl::StatusCode::kCancelled, domain::reason::kCancelled,
                                 "the inference was cancelled before it began"));
}

}  // namespace winnow::sched
