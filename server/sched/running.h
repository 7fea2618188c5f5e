// One worker process and what the scheduler knows about it, with the two decisions that follow from
// it alone.
#ifndef WINNOW_SERVER_SCHED_RUNNING_H_
#define WINNOW_SERVER_SCHED_RUNNING_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/attempt_end.h"
#include "server/domain/dataset.h"
#include "server/domain/job.h"
#include "server/domain/names.h"
#include "server/sched/fair_queue.h"
#include "server/sched/scheduler.h"

namespace winnow::sched {

// A job, an import or an inference, whatever its attempt. At most one worker runs for each.
struct WorkKey {
  domain::WorkKind kind;
  std::string tenant;
  std::string id;
  friend auto operator<=>(const WorkKey&, const WorkKey&) = default;
};

inline WorkKey KeyOf(const domain::AttemptId& attempt) {
  return {attempt.kind, attempt.tenant, attempt.id};
}
inline WorkKey KeyOf(const QueuedItem& item) { return {item.kind, item.tenant, item.id}; }

enum class Phase {
  kStarting,  // slots are taken, the claim or the fork is under way
  kLaunched,  // the process exists
  kAttached,  // it has connected and has its assignment
};

// Why the scheduler kills a worker.
enum class KillCause {
  kNone,
  kCancel,         // the user's cancel, after its grace
  kDrain,          // the server goes down
  kDeleted,        // the resource is gone
  kNeverAttached,  // attach_timeout
  kSilent,         // heartbeat_timeout
  kDisconnected,   // its connection ended, but it did not
  kWallClock,      // the limit plus its grace
  kLingering,      // it has said its last word, but did not exit
  kRefused,        // the store or the artifact check ended the attempt
};

struct Running {
  QueuedItem item;
  domain::AttemptId id;  // number 0 until claimed
  Phase phase = Phase::kStarting;
  std::string secret;
  std::vector<domain::Checkpoint> checkpoints;
  std::string inference_request;
  int64_t memory_limit_bytes = 0;

  // Monotonic times.
  absl::Duration started = absl::ZeroDuration();
  absl::Duration last_sign = absl::ZeroDuration();
  absl::Duration slots_taken = absl::ZeroDuration();
  absl::Duration last_checkpoint = absl::ZeroDuration();      // or when its process was started
  absl::Duration wall_clock_left = absl::InfiniteDuration();  // at `started`
  absl::Duration kill_at = absl::InfiniteDuration();
  KillCause kill_at_cause = KillCause::kNone;

  bool stopped_for_wall_clock = false;
  bool yield_requested = false;
  bool cancel_requested = false;
  KillCause killed = KillCause::kNone;

  // The end. `settling`: one thread is telling the store; no other may. `settled`: the store knows.
  bool settling = false;
  bool settled = false;
  bool exited = false;
  bool exit_recorded = false;
  bool releasing = false;
  domain::ExitInfo exit;
  std::string launch_error;                       // there was never a process
  bool settle_tried = false;                      // after the exit
  std::optional<absl::Duration> retry_settle_at;  // the store refused; again at this time
  bool requeue = false;                           // after the release
  absl::Duration backoff = absl::ZeroDuration();
  bool terminal = false;
  bool remove_files = false;  // the resource was deleted meanwhile
};

// Moves the time of the kill forward to `at`; never backward.
void KillNoLaterThan(Running& running, absl::Duration at, KillCause cause);

struct Due {
  KillCause kill = KillCause::kNone;
  bool stop = false;  // the wall clock limit is reached: stop, then grace
};

// What the clock demands now.
Due WhatIsDue(const Running& running, absl::Duration now, const SchedulerOptions& options);

// What an exit without a last word means. REQUIRES: running.exited.
domain::AttemptEnd EndOfJobAttempt(const Running& running);
domain::ImportEnd EndOfImportAttempt(const Running& running);
absl::Status EndOfInference(const Running& running);

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_RUNNING_H_
