// From the end of a process to what follows.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/sched/scheduler_impl.h"

namespace winnow::sched {
namespace {

using domain::AttemptId;
using domain::WorkKind;

// Between two tries to tell the store the end of an attempt whose process is gone.
constexpr absl::Duration kSettleRetry = absl::Seconds(1);

// The store has taken it, or never will: another attempt, or nothing, is there.
bool IsSettled(const absl::Status& status) {
  return status.ok() || absl::IsNotFound(status) || absl::IsAborted(status);
}

}  // namespace

void SchedulerImpl::NoteChange(const domain::Job& job) {
  if (deps_.on_job_changed) deps_.on_job_changed(job);
}

absl::StatusOr<domain::Job> SchedulerImpl::SettleJob(const AttemptId& attempt,
                                                     const domain::AttemptEnd& end) {
  absl::StatusOr<domain::Job> job =
      deps_.store->FinishAttempt(attempt.job_name(), attempt.number, end);
  if (job.ok()) {
    server::LogInfo("attempt ended", {{"attempt", attempt.ToString()},
                                      {"outcome", domain::AttemptOutcomeName(end.outcome)},
                                      {"job_state", domain::JobStateName(job->state)},
                                      {"error", end.error.has_value() ? end.error->message : ""}});
    NoteChange(*job);
  }
  EndSettling(attempt, IsSettled(job.status()), [&](Running& running) {
    if (!job.ok()) return;
    running.exit_recorded = running.exit_recorded || end.exit.has_value();
    running.terminal = domain::IsTerminal(job->state);
    running.requeue = job->state == domain::JobState::kPending;
    if (end.outcome == domain::AttemptOutcome::kCrashed) {
      running.backoff = options_.crash_backoff * (1 << std::clamp(job->crashes - 1, 0, 10));
    }
  });
  return job;
}

absl::StatusOr<domain::Dataset> SchedulerImpl::SettleImport(const AttemptId& attempt,
                                                            const domain::ImportEnd& end) {
  absl::StatusOr<domain::Dataset> dataset =
      deps_.store->FinishImport(attempt.dataset_name(), attempt.number, end);
  if (dataset.ok()) {
    server::LogInfo("import ended", {{"attempt", attempt.ToString()},
                                     {"dataset_state", domain::DatasetStateName(dataset->state)},
                                     {"error", end.error.has_value() ? end.error->message : ""}});
  }
  EndSettling(attempt, IsSettled(dataset.status()), [&](Running& running) {
    if (!dataset.ok()) return;
    running.requeue = dataset->state == domain::DatasetState::kImporting;
    running.terminal = !running.requeue;
    if (end.outcome == domain::ImportEnd::Outcome::kCrashed)
      running.backoff = options_.crash_backoff;
  });
  return dataset;
}

// Gives the right to settle back. When the process has ended meanwhile, this thread does what
// OnExit left.
void SchedulerImpl::EndSettling(const AttemptId& attempt, bool settled,
                                const std::function<void(Running&)>& apply) {
  bool release = false;
  bool settle_exit = false;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running == nullptr) return;
    running->settling = false;
    if (settled) {
      running->settled = true;
      if (apply) apply(*running);
      release = running->exited;
    } else if (running->exited && running->settle_tried) {
      running->retry_settle_at = deps_.clock->Monotonic() + kSettleRetry;
    } else {
      settle_exit = running->exited;
    }
  }
  if (release) Release(attempt);
  if (settle_exit) SettleExit(attempt);
}

void SchedulerImpl::OnExit(const AttemptId& attempt, const domain::ExitInfo& exit) {
  bool settled;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running == nullptr || running->exited) return;
    running->exited = true;
    running->exit = exit;
    if (running->settling) return;  // EndSettling goes on from here
    settled = running->settled;
  }
  server::LogInfo("worker exited", {{"attempt", attempt.ToString()}, {"exit", exit.ToString()}});
  settled ? Release(attempt) : SettleExit(attempt);
}

// Settles an attempt whose process is gone without a last word.
void SchedulerImpl::SettleExit(const AttemptId& attempt) {
  Running seen;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running == nullptr) return;
    running->settling = true;
    running->settle_tried = true;
    seen = *running;
  }
  switch (attempt.kind) {
    case WorkKind::kJob:
      SettleJob(attempt, EndOfJobAttempt(seen)).status().IgnoreError();  // retried by Tick
      break;
    case WorkKind::kImport:
      SettleImport(attempt, EndOfImportAttempt(seen)).status().IgnoreError();
      break;
    case WorkKind::kInfer:
      AnswerInference(attempt, EndOfInference(seen));
      EndSettling(attempt, /*settled=*/true, nullptr);
      break;
  }
}

void SchedulerImpl::AnswerInference(const AttemptId& attempt,
                                    const absl::StatusOr<std::string>& result) {
  Inference inference;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = inferences_.find(KeyOf(attempt));
    if (found == inferences_.end()) return;
    inference = std::move(found->second);
    inferences_.erase(found);
  }
  inference.done(result);
}

void SchedulerImpl::Release(const AttemptId& attempt) {
  Running seen;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running == nullptr || running->releasing) return;
    running->releasing = true;
    seen = *running;
  }
  CleanUp(seen);
  // A delete that comes while this entry is still here leaves the files to us.
  while (!TryErase(seen)) {
    RemoveResourceFiles(attempt);
    seen.remove_files = true;
  }
  ScheduleDispatch();
}

// False: the resource was deleted meanwhile and its files must go first.
bool SchedulerImpl::TryErase(const Running& seen) {
  absl::MutexLock lock(&mutex_);
  if (Find(seen.id)->remove_files && !seen.remove_files) return false;
  ReleaseSlots(seen);
  running_.erase(KeyOf(seen.id));
  if (!seen.requeue || seen.remove_files) return true;
  QueuedItem item = seen.item;
  item.not_before = deps_.clock->Monotonic() + seen.backoff;
  FairQueue& queue = item.kind == WorkKind::kJob ? jobs_ : small_work_;
  queue.Remove(item.kind, item.tenant, item.id);
  queue.Push(item);
  return true;
}

void SchedulerImpl::RemoveResourceFiles(const AttemptId& attempt) {
  const std::string path = attempt.kind == WorkKind::kJob
                               ? layout_.JobDir(attempt.job_name())
                               : layout_.DatasetDir(attempt.dataset_name());
  const absl::Status removed = deps_.files->RemoveAll(path);
  if (!removed.ok()) server::LogWarning("files stay", {{"error", removed.ToString()}});
}

void SchedulerImpl::CleanUp(const Running& running) {
  const AttemptId& attempt = running.id;
  if (running.remove_files) {
    RemoveResourceFiles(attempt);
    return;
  }
  switch (attempt.kind) {
    case WorkKind::kJob:
      CleanUpJob(running);
      break;
    case WorkKind::kImport:
      if (running.terminal) {
        deps_.files->RemoveAll(layout_.UploadDir(attempt.dataset_name())).IgnoreError();
      } else {
        deps_.files->RemoveAll(layout_.AttemptDir(attempt)).IgnoreError();
      }
      break;
    case WorkKind::kInfer:
      deps_.files->RemoveAll(layout_.AttemptDir(attempt)).IgnoreError();
      break;
  }
}

void SchedulerImpl::CleanUpJob(const Running& running) {
  const domain::JobName name = running.id.job_name();
  if (!running.exit_recorded) {
    const absl::Status recorded = deps_.store->RecordExit(name, running.id.number, running.exit);
    if (!recorded.ok() && !absl::IsNotFound(recorded)) {
      server::LogWarning("exit not recorded",
                         {{"attempt", running.id.ToString()}, {"error", recorded.ToString()}});
    }
  }
  if (!running.terminal) return;
  // Nobody resumes a finished job.
  const auto checkpoints = deps_.store->ListCheckpoints(name);
  if (!checkpoints.ok()) return;
  for (const domain::Checkpoint& checkpoint : *checkpoints) {
    deps_.files->RemoveFile(absl::StrCat(layout_.JobDir(name), "/", checkpoint.path)).IgnoreError();
  }
}

}  // namespace winnow::sched
