// Runs what waits: claims a job in the store, starts a worker for it, watches over it, and decides
// what follows when the worker reports or dies. FairQueue decides who is next; the store decides
// what is true.
//
// rpc calls: Submit … Delete for users' requests, OnAttached … OnFinished for what workers say.
// The launcher calls OnExit by itself. A ticker calls Tick ten times a second (in tests the test
// does). THREAD-SAFETY: any thread. Calls go to the store and block on the disk: not for RPC
// callback threads.
#ifndef WINNOW_SERVER_SCHED_SCHEDULER_H_
#define WINNOW_SERVER_SCHED_SCHEDULER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/executor.h"
#include "server/base/file_system.h"
#include "server/base/ids.h"
#include "server/domain/layout.h"
#include "server/domain/quota.h"
#include "server/launch/launcher.h"
#include "server/sched/attempt_control.h"
#include "server/store/store.h"

namespace winnow::sched {

struct SchedulerOptions {
  std::string data_dir;
  int32_t job_slots = 1;                   // one slot = one thread of a job
  int32_t import_slots = 1;                // imports and inferences; never wait behind training
  int64_t default_memory_limit_bytes = 0;  // of a job's worker; 0 = none
  int64_t import_memory_limit_bytes = int64_t{1400} << 20;
  domain::TenantQuotas tenant_quotas;
  domain::ServerQuota server_quota;
  absl::Duration cancel_grace = absl::Milliseconds(1500);  // from request to SIGKILL
  absl::Duration attach_timeout = absl::Seconds(30);       // from start to OnAttached
  absl::Duration heartbeat_timeout = absl::Seconds(30);    // between signs of life
  absl::Duration finish_grace = absl::Seconds(5);          // from OnFinished to exit
  absl::Duration wall_clock_grace = absl::Seconds(30);     // from stop at the limit to SIGKILL
  absl::Duration crash_backoff =
      absl::Milliseconds(500);  // before a crashed job's next start; doubles
};

// OWNERSHIP: all must outlive the scheduler, but the launcher, whose reports come here: StartDrain,
// KillAll, destroy the launcher (it waits for its last reports), then the scheduler.
struct SchedulerDeps {
  const server::Clock* clock = nullptr;
  server::FileSystem* files = nullptr;
  server::Executor* executor = nullptr;  // starts workers there: claims and forks
  server::IdSource* ids = nullptr;
  store::Store* store = nullptr;
  launch::Launcher* launcher = nullptr;
  AttemptControl* control = nullptr;  // may be null until SetControl
  // Free and total bytes of memory; empty = not known, and then memory is not checked.
  std::function<void(int64_t* free_bytes, int64_t* total_bytes)> memory;
  // Told after each end of an attempt and each cancel, on any thread; for metrics. May be empty.
  std::function<void(const domain::Job&)> on_job_changed;
};

// What an attached worker must know besides the resource itself.
struct AttachReply {
  domain::AttemptId attempt;
  std::string directory;                        // the only folder it may write
  domain::Job job;                              // kJob
  std::vector<domain::Checkpoint> checkpoints;  // kJob: at most two, newest first
  domain::Dataset dataset;                      // kImport
  std::string inference;                        // kInfer: the bytes given to StartInference
  bool stop_requested = false;
  bool yield_requested = false;
  bool cancel_requested = false;
};

// Jobs of one class of priorities that wait.
struct QueueLoad {
  int64_t jobs = 0;
  absl::Duration oldest_age = absl::ZeroDuration();  // since its creation; 0 when none waits
};

// "low" below 0, "normal", "high" above 0.
inline constexpr std::array kPriorityClasses = {"low", "normal", "high"};
inline size_t PriorityClass(int32_t priority) { return priority < 0 ? 0 : priority == 0 ? 1 : 2; }

struct SchedulerLoad {
  int32_t job_slots = 0;
  int32_t busy_job_slots = 0;
  int32_t import_slots = 0;
  int32_t busy_import_slots = 0;
  int64_t queued_jobs = 0;
  std::array<QueueLoad, kPriorityClasses.size()> queues;  // by PriorityClass
  int64_t queued_imports = 0;
  int64_t running_jobs = 0;
  // Slots that jobs have held, times how long, since the scheduler was made.
  absl::Duration busy_slot_time = absl::ZeroDuration();
  // Of the running job that has gone longest without a checkpoint: the time since its last one, or
  // since its start. 0 when none runs.
  absl::Duration oldest_checkpoint_age = absl::ZeroDuration();
  bool draining = false;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Recovers the store, sweeps leftovers of dead attempts, queues what waits. Call once, before all
  // else.
  virtual absl::StatusOr<store::RecoveryReport> Start() = 0;
  virtual void SetControl(AttemptControl* control) = 0;

  // --- users' requests; each is durable before it returns, and acts at once ---

  // Admission, then CreateJob, then the queue. A replayed request is answered before admission.
  virtual absl::StatusOr<store::Created<domain::Job>> SubmitJob(
      const store::NewJob& job, const store::RequestKey& request) = 0;
  // Admission alone, for validate_only.
  virtual absl::Status CheckJob(const store::NewJob& job) = 0;
  virtual absl::StatusOr<domain::Job> CancelJob(const domain::JobName& name,
                                                int64_t revision = 0) = 0;
  virtual absl::StatusOr<domain::Job> StopJob(const domain::JobName& name,
                                              int64_t revision = 0) = 0;
  virtual absl::StatusOr<domain::Job> PauseJob(const domain::JobName& name,
                                               int64_t revision = 0) = 0;
  virtual absl::StatusOr<domain::Job> ResumeJob(const domain::JobName& name,
                                                int64_t revision = 0) = 0;
  // Rows first, then the folder.
  virtual absl::Status DeleteJob(const domain::JobName& name) = 0;

  virtual absl::Status CheckUpload(const std::string& tenant, int64_t size_bytes) = 0;
  // BeginImport, then the queue of imports.
  virtual absl::StatusOr<domain::Dataset> StartImport(const domain::DatasetName& name) = 0;
  // Kills a running import, removes rows, then uploads and folder.
  virtual absl::Status DeleteDataset(const domain::DatasetName& name) = 0;

  // Runs a worker of kind kInfer; `done` is called once with its result bytes (OnInferenceResult)
  // or an error, on any thread. Returns the attempt. RESOURCE_EXHAUSTED when 16 are waiting.
  using InferenceDone = std::function<void(const absl::StatusOr<std::string>&)>;
  virtual absl::StatusOr<domain::AttemptId> StartInference(const std::string& tenant,
                                                           const std::string& request,
                                                           InferenceDone done) = 0;
  // The caller went away. `done` is called with CANCELLED.
  virtual void CancelInference(const domain::AttemptId& attempt) = 0;

  // --- what workers say ---
  // Each returns ABORTED STALE_ATTEMPT when the attempt is not (or no longer) ours; the worker then
  // ends.

  // PERMISSION_DENIED BAD_SECRET. A second attach of the same attempt is refused: ABORTED.
  virtual absl::StatusOr<AttachReply> OnAttached(const domain::AttemptId& attempt,
                                                 const std::string& secret) = 0;
  virtual absl::Status OnHeartbeat(const domain::AttemptId& attempt) = 0;
  // Stores events in order. EVENT_MISMATCH also ends the job as FAILED.
  virtual absl::Status OnEvents(const domain::AttemptId& attempt,
                                const std::vector<domain::WorkerEvent>& events) = 0;
  // After the checkpoint file is durable; removes the files that fell out of the newest two.
  virtual absl::Status OnCheckpoint(const domain::AttemptId& attempt,
                                    const domain::Checkpoint& checkpoint) = 0;
  // The worker's last word on a job; kSucceeded, kFailed, kYielded or kCancelled. For kSucceeded
  // every artifact is checked against size and SHA-256 on disk first (DATA_LOSS DATA_CORRUPT).
  // Again with the same attempt: OK, no effect.
  virtual absl::Status OnFinished(const domain::AttemptId& attempt,
                                  const domain::AttemptEnd& end) = 0;
  virtual absl::Status OnImportFinished(const domain::AttemptId& attempt,
                                        const domain::ImportEnd& end) = 0;
  virtual absl::Status OnInferenceResult(const domain::AttemptId& attempt,
                                         const absl::StatusOr<std::string>& result) = 0;
  // The connection is gone. Kills the process if it does not exit within finish_grace.
  virtual void OnDetached(const domain::AttemptId& attempt) = 0;

  // --- machinery ---

  // The process is reaped: frees the slots, settles an attempt that had no last word, starts the
  // next.
  virtual void OnExit(const domain::AttemptId& attempt, const domain::ExitInfo& exit) = 0;
  // Enforces every deadline that has passed and starts what can start.
  virtual void Tick() = 0;
  // Stops dispatching, refuses new work, tells every worker to yield; jobs go back to PENDING.
  virtual void StartDrain() = 0;
  // Kills what has not left by now; their jobs go back to PENDING without counting as crashed.
  // After StartDrain it also waits for a start that is under way. Not for the executor's threads.
  virtual void KillAll() = 0;
  // No worker is left.
  virtual bool IsIdle() = 0;
  virtual SchedulerLoad Load() = 0;
};

std::unique_ptr<Scheduler> MakeScheduler(const SchedulerOptions& options,
                                         const SchedulerDeps& deps);

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_SCHEDULER_H_
