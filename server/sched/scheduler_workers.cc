// What workers say, by way of the worker service.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/ids.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/sched/attempt_files.h"
#include "server/sched/scheduler_impl.h"

namespace winnow::sched {
namespace {

using domain::AttemptId;
using domain::WorkKind;
namespace reason = domain::reason;

absl::Status Stale(const AttemptId& attempt) {
  return domain::MakeError(absl::StatusCode::kAborted, reason::kStaleAttempt,
                           absl::StrCat(attempt.ToString(), " is not running on this server"),
                           attempt.ToString());
}

}  // namespace

Running* SchedulerImpl::Find(const AttemptId& attempt) {
  const auto found = running_.find(KeyOf(attempt));
  if (found == running_.end() || found->second.id.number != attempt.number) return nullptr;
  return &found->second;
}

absl::StatusOr<AttachReply> SchedulerImpl::OnAttached(const AttemptId& attempt,
                                                      const std::string& secret) {
  AttachReply reply;
  reply.attempt = attempt;
  reply.directory = layout_.AttemptDir(attempt);
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running == nullptr || running->settled || running->exited) return Stale(attempt);
    if (running->secret.empty() || !server::EqualSecrets(running->secret, secret)) {
      return domain::MakeError(absl::StatusCode::kPermissionDenied, reason::kBadSecret,
                               absl::StrCat("wrong secret for ", attempt.ToString()));
    }
    if (running->phase == Phase::kAttached) return Stale(attempt);
    running->phase = Phase::kAttached;
    running->last_sign = deps_.clock->Monotonic();
    reply.checkpoints = running->checkpoints;
    reply.inference = running->inference_request;
    reply.yield_requested = running->yield_requested || draining_;
    reply.cancel_requested = running->cancel_requested;
  }
  if (attempt.kind == WorkKind::kJob) {
    ASSIGN_OR_RETURN(reply.job, deps_.store->GetJob(attempt.job_name()));
    reply.stop_requested = reply.job.stop_requested;
    reply.yield_requested = reply.yield_requested || reply.job.pause_requested;
  } else if (attempt.kind == WorkKind::kImport) {
    ASSIGN_OR_RETURN(reply.dataset, deps_.store->GetDataset(attempt.dataset_name()));
  }
  return reply;
}

absl::Status SchedulerImpl::NoteReport(const AttemptId& attempt, WorkKind kind) {
  absl::MutexLock lock(&mutex_);
  Running* running = Find(attempt);
  const bool current = running != nullptr && running->phase == Phase::kAttached &&
                       !running->settled && attempt.kind == kind;
  if (!current) return Stale(attempt);
  running->last_sign = deps_.clock->Monotonic();
  return absl::OkStatus();
}

absl::Status SchedulerImpl::OnHeartbeat(const AttemptId& attempt) {
  absl::MutexLock lock(&mutex_);
  Running* running = Find(attempt);
  if (running == nullptr || running->phase != Phase::kAttached) return Stale(attempt);
  running->last_sign = deps_.clock->Monotonic();
  return absl::OkStatus();
}

absl::Status SchedulerImpl::OnEvents(const AttemptId& attempt,
                                     const std::vector<domain::WorkerEvent>& events) {
  RETURN_IF_ERROR(NoteReport(attempt, WorkKind::kJob));
  const absl::Status appended =
      deps_.store->AppendEvents(attempt.job_name(), attempt.number, events).status();
  if (appended.ok() || domain::ReasonOf(appended) != reason::kEventMismatch) return appended;
  // The resumed run does not repeat the first: its result could not be trusted.
  domain::AttemptEnd end;
  end.outcome = domain::AttemptOutcome::kFailed;
  end.error = domain::FromStatus(appended);
  absl::Status unused;
  if (BeginSettling(attempt, &unused)) SettleJob(attempt, end).status().IgnoreError();
  Kill(attempt, KillCause::kRefused);
  return appended;
}

absl::Status SchedulerImpl::OnCheckpoint(const AttemptId& attempt,
                                         const domain::Checkpoint& checkpoint) {
  RETURN_IF_ERROR(NoteReport(attempt, WorkKind::kJob));
  RETURN_IF_ERROR(RequireOwnPath(attempt, checkpoint.path));
  ASSIGN_OR_RETURN(const std::vector<domain::Checkpoint> dropped,
                   deps_.store->AddCheckpoint(attempt.job_name(), attempt.number, checkpoint));
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running != nullptr) running->last_checkpoint = deps_.clock->Monotonic();
  }
  for (const domain::Checkpoint& old : dropped) {
    const std::string path = absl::StrCat(layout_.JobDir(attempt.job_name()), "/", old.path);
    const absl::Status removed = deps_.files->RemoveFile(path);
    if (removed.ok() || absl::IsNotFound(removed)) continue;
    server::LogWarning("an old checkpoint stays", {{"path", path}, {"error", removed.ToString()}});
  }
  return absl::OkStatus();
}

bool SchedulerImpl::BeginSettling(const AttemptId& attempt, absl::Status* status) {
  absl::MutexLock lock(&mutex_);
  Running* running = Find(attempt);
  if (running == nullptr || running->phase != Phase::kAttached) {
    *status = Stale(attempt);
    return false;
  }
  running->last_sign = deps_.clock->Monotonic();
  if (running->settled) {
    *status = absl::OkStatus();
    return false;
  }
  if (running->settling || running->exited) {
    *status = Stale(attempt);
    return false;
  }
  running->settling = true;
  return true;
}

// After its last word a worker has nothing left to do.
void SchedulerImpl::ExpectExit(const AttemptId& attempt) {
  absl::MutexLock lock(&mutex_);
  Running* running = Find(attempt);
  if (running == nullptr) return;
  KillNoLaterThan(*running, deps_.clock->Monotonic() + options_.finish_grace,
                  KillCause::kLingering);
}

absl::Status SchedulerImpl::OnFinished(const AttemptId& attempt, const domain::AttemptEnd& end) {
  if (attempt.kind != WorkKind::kJob) return Stale(attempt);
  absl::Status status;
  if (!BeginSettling(attempt, &status)) return status;
  if (end.outcome == domain::AttemptOutcome::kSucceeded) {
    status = VerifyArtifacts(*deps_.files, layout_, attempt, end.artifacts);
    if (!status.ok()) {
      EndSettling(attempt, /*settled=*/false, nullptr);
      return status;
    }
  }
  RETURN_IF_ERROR(SettleJob(attempt, end).status());
  ExpectExit(attempt);
  return absl::OkStatus();
}

absl::Status SchedulerImpl::OnImportFinished(const AttemptId& attempt,
                                             const domain::ImportEnd& end) {
  if (attempt.kind != WorkKind::kImport) return Stale(attempt);
  absl::Status status;
  if (!BeginSettling(attempt, &status)) return status;
  if (end.outcome == domain::ImportEnd::Outcome::kSucceeded) {
    status = PublishTable(*deps_.files, layout_, attempt);
    if (!status.ok()) {
      EndSettling(attempt, /*settled=*/false, nullptr);
      return status;
    }
  }
  RETURN_IF_ERROR(SettleImport(attempt, end).status());
  ExpectExit(attempt);
  return absl::OkStatus();
}

absl::Status SchedulerImpl::OnInferenceResult(const AttemptId& attempt,
                                              const absl::StatusOr<std::string>& result) {
  if (attempt.kind != WorkKind::kInfer) return Stale(attempt);
  absl::Status status;
  if (!BeginSettling(attempt, &status)) return status;
  AnswerInference(attempt, result);
  EndSettling(attempt, /*settled=*/true, nullptr);
  ExpectExit(attempt);
  return absl::OkStatus();
}

void SchedulerImpl::OnDetached(const AttemptId& attempt) {
  absl::MutexLock lock(&mutex_);
  Running* running = Find(attempt);
  if (running == nullptr) return;
  KillNoLaterThan(*running, deps_.clock->Monotonic() + options_.finish_grace,
                  KillCause::kDisconnected);
}

}  // namespace winnow::sched
