// The class behind MakeScheduler. Its methods are defined by concern:
//   scheduler.cc           start, load, drain, the clock
//   scheduler_requests.cc  what users ask
//   scheduler_workers.cc   what workers say
//   scheduler_dispatch.cc  from the queue to a process
//   scheduler_settle.cc    from the end of a process to what follows
//
// Locking: mutex_ guards what is in memory and is never held over a call to the store, the
// launcher, the control or the files. The store is the arbiter: a claim of a job that was cancelled
// meanwhile fails there. A Running stays in running_ from before its claim until its process is
// reaped and its files are settled, so that no second worker of the same job, and no second folder
// of the same name, can exist.
#ifndef WINNOW_SERVER_SCHED_SCHEDULER_IMPL_H_
#define WINNOW_SERVER_SCHED_SCHEDULER_IMPL_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/domain/layout.h"
#include "server/sched/admission.h"
#include "server/sched/fair_queue.h"
#include "server/sched/running.h"
#include "server/sched/scheduler.h"

namespace winnow::sched {

class SchedulerImpl final : public Scheduler {
 public:
  SchedulerImpl(const SchedulerOptions& options, const SchedulerDeps& deps);
  // Waits for what it has put on the executor.
  ~SchedulerImpl() override;

  absl::StatusOr<store::RecoveryReport> Start() override;
  void SetControl(AttemptControl* control) override;

  absl::StatusOr<store::Created<domain::Job>> SubmitJob(const store::NewJob& job,
                                                        const store::RequestKey& request) override;
  absl::Status CheckJob(const store::NewJob& job) override;
  absl::StatusOr<domain::Job> CancelJob(const domain::JobName& name, int64_t revision) override;
  absl::StatusOr<domain::Job> StopJob(const domain::JobName& name, int64_t revision) override;
  absl::StatusOr<domain::Job> PauseJob(const domain::JobName& name, int64_t revision) override;
  absl::StatusOr<domain::Job> ResumeJob(const domain::JobName& name, int64_t revision) override;
  absl::Status DeleteJob(const domain::JobName& name) override;
  absl::Status CheckUpload(const std::string& tenant, int64_t size_bytes) override;
  absl::StatusOr<domain::Dataset> StartImport(const domain::DatasetName& name) override;
  absl::Status DeleteDataset(const domain::DatasetName& name) override;
  absl::StatusOr<domain::AttemptId> StartInference(const std::string& tenant,
                                                   const std::string& request,
                                                   InferenceDone done) override;
  void CancelInference(const domain::AttemptId& attempt) override;

  absl::StatusOr<AttachReply> OnAttached(const domain::AttemptId& attempt,
                                         const std::string& secret) override;
  absl::Status OnHeartbeat(const domain::AttemptId& attempt) override;
  absl::Status OnEvents(const domain::AttemptId& attempt,
                        const std::vector<domain::WorkerEvent>& events) override;
  absl::Status OnCheckpoint(const domain::AttemptId& attempt,
                            const domain::Checkpoint& checkpoint) override;
  absl::Status OnFinished(const domain::AttemptId& attempt, const domain::AttemptEnd& end) override;
  absl::Status OnImportFinished(const domain::AttemptId& attempt,
                                const domain::ImportEnd& end) override;
  absl::Status OnInferenceResult(const domain::AttemptId& attempt,
                                 const absl::StatusOr<std::string>& result) override;
  void OnDetached(const domain::AttemptId& attempt) override;

  void OnExit(const domain::AttemptId& attempt, const domain::ExitInfo& exit) override;
  void Tick() override;
  void StartDrain() override;
  void KillAll() override;
  bool IsIdle() override;
  SchedulerLoad Load() override;

 private:
  struct Inference {
    std::string request;
    InferenceDone done;
  };

  // --- queue and slots ---
  void EnqueueJob(const domain::Job& job, absl::Duration not_before);
  void EnqueueImport(const domain::Dataset& dataset, absl::Duration not_before);
  // Has Dispatch run on the executor, once for any number of calls before it runs.
  void ScheduleDispatch();
  void Dispatch();
  std::optional<QueuedItem> TakeNext(bool jobs) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Fits(const QueuedItem& item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SampleMemory();

  void ReleaseSlots(const Running& running) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // --- start ---
  void StartItem(const QueuedItem& item);
  // Claims in the store and fills in id and what the worker must know.
  absl::Status ClaimItem(const QueuedItem& item);
  absl::Status ClaimJob(const QueuedItem& item);
  absl::Status ClaimImport(const QueuedItem& item);
  absl::Status ClaimInference(const QueuedItem& item);
  void AbandonItem(const QueuedItem& item, const absl::Status& why);
  void Launch(const WorkKey& key);
  void FailLaunch(const domain::AttemptId& attempt, const absl::Status& why);
  absl::Status CheckInputs(const domain::Job& job);
  int64_t MemoryLimitOf(const domain::Job& job) const;

  // --- workers ---
  // The attempt if it is the one that runs. REQUIRES: mutex_.
  Running* Find(const domain::AttemptId& attempt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Find for a report: notes the sign of life; ABORTED STALE_ATTEMPT when there is none or its end
  // is settled.
  absl::Status NoteReport(const domain::AttemptId& attempt, domain::WorkKind kind);
  // Takes the right to settle. False: settled already (then `*status` is OK) or another thread is
  // at it.
  bool BeginSettling(const domain::AttemptId& attempt, absl::Status* status);
  void ExpectExit(const domain::AttemptId& attempt);
  // Notes that the worker is to be killed. The attempt to name to the launcher, if there is a
  // process by now; a worker that is still being made is killed right after.
  static std::optional<domain::AttemptId> MarkForKill(Running& running, KillCause cause);
  void Kill(const domain::AttemptId& attempt, KillCause cause);
  void KillProcess(const std::optional<domain::AttemptId>& attempt);

  // --- end ---
  // REQUIRES: BeginSettling said yes. Each tells the store and gives the right back.
  absl::StatusOr<domain::Job> SettleJob(const domain::AttemptId& attempt,
                                        const domain::AttemptEnd& end);
  absl::StatusOr<domain::Dataset> SettleImport(const domain::AttemptId& attempt,
                                               const domain::ImportEnd& end);
  // `settled`: the store knows the end; `apply` then notes what follows.
  void EndSettling(const domain::AttemptId& attempt, bool settled,
                   const std::function<void(Running&)>& apply);
  void SettleExit(const domain::AttemptId& attempt);
  void AnswerInference(const domain::AttemptId& attempt, const absl::StatusOr<std::string>& result);
  // All is said, the process is gone: files, slots, queue, next.
  void Release(const domain::AttemptId& attempt);
  bool TryErase(const Running& seen);
  void CleanUp(const Running& running);
  void CleanUpJob(const Running& running);
  void RemoveResourceFiles(const domain::AttemptId& attempt);

  // --- commands to workers ---
  enum class Command { kCancel, kStop, kYield };
  void Send(const domain::AttemptId& attempt, Command command);
  std::optional<domain::AttemptId> RunningAttempt(const WorkKey& key);

  // --- admission ---
  absl::Status Admit(const store::NewJob& job);
  void NoteChange(const domain::Job& job);

  const SchedulerOptions options_;
  const SchedulerDeps deps_;
  const domain::DataDirLayout layout_;

  absl::Mutex mutex_;
  AttemptControl* control_ ABSL_GUARDED_BY(mutex_);
  FairQueue jobs_ ABSL_GUARDED_BY(mutex_);
  FairQueue small_work_ ABSL_GUARDED_BY(mutex_);  // imports and inferences
  std::map<WorkKey, Running> running_ ABSL_GUARDED_BY(mutex_);
  std::map<WorkKey, Inference> inferences_ ABSL_GUARDED_BY(mutex_);      // until answered
  std::map<std::string, int64_t> running_jobs_ ABSL_GUARDED_BY(mutex_);  // per tenant
  int32_t busy_job_slots_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of jobs whose slots are free again; see SchedulerLoad.
  absl::Duration busy_slot_time_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  int32_t busy_import_slots_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t reserved_memory_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // estimates of running jobs
  int64_t memory_free_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t memory_total_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int64_t> submitting_ ABSL_GUARDED_BY(mutex_);  // per tenant, not queued yet
  int64_t inference_order_ ABSL_GUARDED_BY(mutex_) = 0;
  bool dispatch_scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  int dispatches_ ABSL_GUARDED_BY(mutex_) = 0;  // scheduled or running on the executor
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_SCHEDULER_IMPL_H_
