#include "server/sched/scheduler.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/base/log.h"
#include "server/base/status.h"
#include "server/sched/attempt_files.h"
#include "server/sched/scheduler_impl.h"

namespace winnow::sched {

SchedulerImpl::SchedulerImpl(const SchedulerOptions& options, const SchedulerDeps& deps)
    : options_(options), deps_(deps), layout_(options.data_dir), control_(deps.control) {}

SchedulerImpl::~SchedulerImpl() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  const auto is_quiet = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return dispatches_ == 0; };
  mutex_.Await(absl::Condition(&is_quiet));
}

std::unique_ptr<Scheduler> MakeScheduler(const SchedulerOptions& options,
                                         const SchedulerDeps& deps) {
  return std::make_unique<SchedulerImpl>(options, deps);
}

absl::StatusOr<store::RecoveryReport> SchedulerImpl::Start() {
  ASSIGN_OR_RETURN(const store::RecoveryReport report, deps_.store->Recover());
  RETURN_IF_ERROR(SweepDataDir(*deps_.files, layout_, *deps_.store));
  ASSIGN_OR_RETURN(const std::vector<domain::Job> jobs, deps_.store->ListPendingJobs());
  ASSIGN_OR_RETURN(const std::vector<domain::Dataset> imports,
                   deps_.store->ListImportingDatasets());
  for (const domain::Job& job : jobs) EnqueueJob(job, absl::ZeroDuration());
  for (const domain::Dataset& dataset : imports) EnqueueImport(dataset, absl::ZeroDuration());
  ScheduleDispatch();
  return report;
}

void SchedulerImpl::SetControl(AttemptControl* control) {
  absl::MutexLock lock(&mutex_);
  control_ = control;
}

void SchedulerImpl::Tick() {
  const absl::Duration now = deps_.clock->Monotonic();
  std::vector<std::pair<domain::AttemptId, KillCause>> kills;
  std::vector<domain::AttemptId> stops;
  std::vector<domain::AttemptId> retries;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [key, running] : running_) {
      if (running.retry_settle_at.has_value() && now >= *running.retry_settle_at) {
        running.retry_settle_at.reset();
        retries.push_back(running.id);
      }
      const Due due = WhatIsDue(running, now, options_);
      if (due.kill != KillCause::kNone) kills.emplace_back(running.id, due.kill);
      if (due.stop) {
        running.stopped_for_wall_clock = true;
        KillNoLaterThan(running, now + options_.wall_clock_grace, KillCause::kWallClock);
        stops.push_back(running.id);
      }
    }
  }
  for (const auto& [attempt, cause] : kills) Kill(attempt, cause);
  for (const domain::AttemptId& attempt : stops) {
    server::LogInfo("wall-clock limit reached", {{"attempt", attempt.ToString()}});
    // Durable, so that the next attempt stops at once should this one crash. A cancel may have come
    // first.
    const absl::Status status = deps_.store->RequestStop(attempt.job_name()).status();
    if (status.ok()) Send(attempt, Command::kStop);
  }
  for (const domain::AttemptId& attempt : retries) SettleExit(attempt);
  ScheduleDispatch();
}

void SchedulerImpl::StartDrain() {
  std::vector<domain::AttemptId> yields;
  std::vector<std::optional<domain::AttemptId>> kills;
  std::vector<InferenceDone> unanswered;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    for (auto& [key, running] : running_) {
      if (key.kind == domain::WorkKind::kJob) {
        running.yield_requested = true;
        yields.push_back(running.id);
      } else {
        // An import keeps nothing half-done: it starts again with the next server.
        kills.push_back(MarkForKill(running, KillCause::kDrain));
      }
    }
    for (auto it = inferences_.begin(); it != inferences_.end();) {
      if (running_.count(it->first) > 0) {
        ++it;  // answered when its worker has ended
        continue;
      }
      small_work_.Remove(it->first.kind, it->first.tenant, it->first.id);
      unanswered.push_back(std::move(it->second.done));
      it = inferences_.erase(it);
    }
  }
  for (const InferenceDone& done : unanswered) {
    done(domain::MakeError(absl::StatusCode::kUnavailable, domain::reason::kDraining,
                           "the server goes down"));
  }
  for (const domain::AttemptId& attempt : yields) Send(attempt, Command::kYield);
  for (const auto& attempt : kills) KillProcess(attempt);
}

void SchedulerImpl::KillAll() {
  std::vector<std::optional<domain::AttemptId>> kills;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [key, running] : running_) kills.push_back(MarkForKill(running, KillCause::kDrain));
  }
  for (const auto& attempt : kills) KillProcess(attempt);
  // What is being started at this moment is killed right after its start; then nobody calls the
  // launcher.
  absl::MutexLock lock(&mutex_);
  const auto is_quiet = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return dispatches_ == 0; };
  if (draining_) mutex_.Await(absl::Condition(&is_quiet));
}

bool SchedulerImpl::IsIdle() {
  absl::MutexLock lock(&mutex_);
  return running_.empty();
}

SchedulerLoad SchedulerImpl::Load() {
  const absl::Time time = deps_.clock->Now();
  const absl::Duration now = deps_.clock->Monotonic();
  absl::MutexLock lock(&mutex_);
  SchedulerLoad load;
  load.job_slots = options_.job_slots;
  load.busy_job_slots = busy_job_slots_;
  load.import_slots = options_.import_slots;
  load.busy_import_slots = busy_import_slots_;
  load.queued_jobs = jobs_.size();
  load.queued_imports = small_work_.size();
  for (const auto& [tenant, count] : running_jobs_) load.running_jobs += count;
  jobs_.ForEach([&](const QueuedItem& item) {
    QueueLoad& queue = load.queues[PriorityClass(item.priority)];
    ++queue.jobs;
    queue.oldest_age = std::max(queue.oldest_age, time - item.create_time);
  });
  load.busy_slot_time = busy_slot_time_;
  for (const auto& [key, running] : running_) {
    if (key.kind != domain::WorkKind::kJob) continue;
    load.busy_slot_time += running.item.threads * (now - running.slots_taken);
    if (running.phase == Phase::kStarting || running.exited) continue;
    load.oldest_checkpoint_age =
        std::max(load.oldest_checkpoint_age, now - running.last_checkpoint);
  }
  load.draining = draining_;
  return load;
}

std::optional<domain::AttemptId> SchedulerImpl::MarkForKill(Running& running, KillCause cause) {
  if (running.exited) return std::nullopt;
  if (running.phase == Phase::kStarting) {
    KillNoLaterThan(running, absl::ZeroDuration(), cause);
    return std::nullopt;
  }
  if (running.killed == KillCause::kNone) running.killed = cause;
  return running.id;
}

void SchedulerImpl::Kill(const domain::AttemptId& attempt, KillCause cause) {
  std::optional<domain::AttemptId> process;
  {
    absl::MutexLock lock(&mutex_);
    Running* running = Find(attempt);
    if (running != nullptr) process = MarkForKill(*running, cause);
  }
  KillProcess(process);
}

void SchedulerImpl::KillProcess(const std::optional<domain::AttemptId>& attempt) {
  if (!attempt.has_value()) return;
  server::LogInfo("worker is killed", {{"attempt", attempt->ToString()}});
  deps_.launcher->Kill(*attempt);
}

void SchedulerImpl::Send(const domain::AttemptId& attempt, Command command) {
  AttemptControl* control;
  {
    absl::MutexLock lock(&mutex_);
    control = control_;
  }
  if (control == nullptr) return;
  switch (command) {
    case Command::kCancel:
      control->Cancel(attempt);
      break;
    case Command::kStop:
      control->Stop(attempt);
      break;
    case Command::kYield:
      control->Yield(attempt);
      break;
  }
}

}  // namespace winnow::sched
