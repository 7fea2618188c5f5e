// Jobs, attempts and event logs, durably. Each method is one transaction; OK means it survives
// power loss.
//
// Errors common to all: NOT_FOUND JOB_NOT_FOUND; ABORTED STALE_ATTEMPT for a write of an attempt
// that is no longer the job's running one; RESOURCE_EXHAUSTED DISK_LOW on a full disk; UNAVAILABLE
// STORE_BUSY. Every state change appends its event in the same transaction and raises `revision`.
// THREAD-SAFETY: any thread. Calls block on the disk: not for RPC callback threads.
#ifndef WINNOW_SERVER_STORE_JOB_STORE_H_
#define WINNOW_SERVER_STORE_JOB_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/domain/attempt_end.h"
#include "server/domain/event.h"
#include "server/domain/filter.h"
#include "server/domain/job.h"
#include "server/domain/names.h"
#include "server/store/common.h"

namespace winnow::store {

struct NewJob {
  domain::JobName name;
  domain::JobConfig config;
};

struct Claim {
  domain::Job job;  // RUNNING, attempt raised
  std::vector<domain::Checkpoint>
      checkpoints;  // at most two, newest first, of the job's plan version
};

struct AppendResult {
  int64_t last_sequence = 0;
  int stored = 0;
  int ignored = 0;  // already there with the same bytes
};

struct EventPage {
  std::vector<domain::JobEvent> events;
  int64_t last_sequence = 0;                            // head of the log in the same snapshot
  domain::JobState state = domain::JobState::kPending;  // in the same snapshot
};

struct EventLimit {
  int32_t max_events = 256;
  int64_t max_bytes = int64_t{256} << 10;  // at least one event is returned whatever its size
};

class JobStore {
 public:
  virtual ~JobStore() = default;

  // PENDING, with its first event. The dataset must be ACTIVE: FAILED_PRECONDITION
  // DATASET_NOT_READY or NOT_FOUND DATASET_NOT_FOUND. ALREADY_EXISTS JOB_EXISTS. Same request id:
  // the earlier job (replayed), or INVALID_ARGUMENT REQUEST_ID_REUSED when the body differs.
  virtual absl::StatusOr<Created<domain::Job>> CreateJob(const NewJob& job,
                                                         const RequestKey& request) = 0;
  virtual absl::StatusOr<domain::Job> GetJob(const domain::JobName& name) = 0;
  // The job that an earlier create with this id made, or NOT_FOUND. INVALID_ARGUMENT
  // REQUEST_ID_REUSED. For answering a retry before admission is asked again.
  virtual absl::StatusOr<domain::Job> FindJobByRequest(const std::string& tenant,
                                                       const RequestKey& request) = 0;
  // Newest first.
  virtual absl::StatusOr<Page<domain::Job>> ListJobs(const std::string& tenant,
                                                     const domain::Filter& filter,
                                                     const PageRequest& page) = 0;
  // All PENDING jobs of all tenants in creation order: what a scheduler starts from.
  virtual absl::StatusOr<std::vector<domain::Job>> ListPendingJobs() = 0;
  // Jobs per state; all tenants when `tenant` is empty.
  virtual absl::StatusOr<std::map<domain::JobState, int64_t>> CountJobs(
      const std::string& tenant) = 0;
  // Removes the job with events, attempts, artifacts and request id. FAILED_PRECONDITION
  // JOB_NOT_TERMINAL, JOB_IN_USE while a job that is not terminal starts from it.
  virtual absl::Status DeleteJob(const domain::JobName& name) = 0;

  // Intents: durable before they are acknowledged. `etag_revision` 0 = any, else ABORTED
  // ETAG_MISMATCH. PENDING, PAUSED -> CANCELLED at once (two events); RUNNING -> CANCELLING; else
  // unchanged.
  virtual absl::StatusOr<domain::Job> RequestCancel(const domain::JobName& name,
                                                    int64_t etag_revision = 0) = 0;
  // RUNNING: sets stop_requested (again: unchanged). FAILED_PRECONDITION JOB_NOT_RUNNING otherwise.
  virtual absl::StatusOr<domain::Job> RequestStop(const domain::JobName& name,
                                                  int64_t etag_revision = 0) = 0;
  // RUNNING: sets pause_requested; PAUSED: unchanged; FAILED_PRECONDITION JOB_NOT_RUNNING
  // otherwise.
  virtual absl::StatusOr<domain::Job> RequestPause(const domain::JobName& name,
                                                   int64_t etag_revision = 0) = 0;
  // PAUSED -> PENDING; RUNNING with pause_requested: takes the request back;
  // FAILED_PRECONDITION JOB_NOT_PAUSED otherwise.
  virtual absl::StatusOr<domain::Job> ResumeJob(const domain::JobName& name,
                                                int64_t etag_revision = 0) = 0;

  // PENDING -> RUNNING with attempt + 1 and an attempt-started event. FAILED_PRECONDITION when not
  // PENDING.
  virtual absl::StatusOr<Claim> ClaimForAttempt(const domain::JobName& name) = 0;
  // PENDING -> FAILED (dataset gone, files gone). FAILED_PRECONDITION when not PENDING.
  virtual absl::StatusOr<domain::Job> FailPendingJob(const domain::JobName& name,
                                                     const domain::Error& error) = 0;

  // Appends what is new. INTERNAL EVENT_MISMATCH when a known ordinal comes with other bytes,
  // INTERNAL when an ordinal is skipped; nothing of the call is stored then, and the caller ends
  // the attempt as failed.
  virtual absl::StatusOr<AppendResult> AppendEvents(
      const domain::JobName& name, int32_t attempt,
      const std::vector<domain::WorkerEvent>& events) = 0;
  // Records a checkpoint whose file is durable and clears the crash count. FAILED_PRECONDITION when
  // its ordinal is beyond the log. Returns those that fell out of the newest two; their files may
  // go.
  virtual absl::StatusOr<std::vector<domain::Checkpoint>> AddCheckpoint(
      const domain::JobName& name, int32_t attempt, const domain::Checkpoint& checkpoint) = 0;
  // Applies DecideAfterAttempt: state, artifacts, error and terminal event in one step.
  virtual absl::StatusOr<domain::Job> FinishAttempt(const domain::JobName& name, int32_t attempt,
                                                    const domain::AttemptEnd& end) = 0;
  // What the process ended with, when FinishAttempt came before the exit. Unfenced; unknown:
  // NOT_FOUND.
  virtual absl::Status RecordExit(const domain::JobName& name, int32_t attempt,
                                  const domain::ExitInfo& exit) = 0;

  // Events after `after_sequence`. OUT_OF_RANGE SEQUENCE_AHEAD when it is beyond the head.
  virtual absl::StatusOr<EventPage> ReadEvents(const domain::JobName& name, int64_t after_sequence,
                                               const EventLimit& limit) = 0;
  virtual absl::StatusOr<std::vector<domain::Attempt>> ListAttempts(
      const domain::JobName& name) = 0;
  virtual absl::StatusOr<std::vector<domain::Checkpoint>> ListCheckpoints(
      const domain::JobName& name) = 0;
  virtual absl::StatusOr<std::vector<domain::Artifact>> ListArtifacts(
      const domain::JobName& name) = 0;
  virtual absl::StatusOr<domain::Artifact> GetArtifact(const domain::ArtifactName& name) = 0;
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_JOB_STORE_H_
