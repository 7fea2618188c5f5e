// One entry of a job's event log.
//
// The server's own entries (state changed, attempt started) are plain values; a worker's entries
// are opaque bytes (a serialized JobEvent without sequence and time) that rpc hands through.
#ifndef WINNOW_SERVER_DOMAIN_EVENT_H_
#define WINNOW_SERVER_DOMAIN_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/domain/error.h"
#include "server/domain/job.h"
#include "server/domain/job_state.h"

namespace winnow::domain {

// A state change and, for SUCCEEDED, its artifacts are ONE event.
struct StateChange {
  std::optional<JobState> from;  // absent for the first event of a job
  JobState to = JobState::kPending;
  int32_t attempt = 0;
  std::string reason;          // reasons.h, or empty
  std::optional<Error> error;  // with FAILED and CANCELLED
  std::vector<Artifact> artifacts;
  bool stopped_early = false;
};

struct AttemptStarted {
  int32_t attempt = 0;
  int64_t from_step = 0;  // of the newest checkpoint that it was given; 0 = from the start
  int32_t threads = 0;
};

// Values are stored: never renumbered.
enum class EventKind {
  kWorker = 1,          // payload: the worker's bytes
  kStateChanged = 2,    // state_change
  kAttemptStarted = 3,  // attempt_started
};

struct JobEvent {
  int64_t sequence = 0;  // 1, 2, 3, … per job, without gaps
  absl::Time time;       // when the server stored it
  int32_t attempt = 0;   // 0 before the first
  EventKind kind = EventKind::kWorker;
  std::optional<int64_t> ordinal;  // of a worker's deterministic events: 1, 2, 3, … per job
  std::string payload;
  std::optional<StateChange> state_change;
  std::optional<AttemptStarted> attempt_started;
};

// What a worker reports. With an ordinal the entry is deterministic: a resumed attempt may send it
// again with the same bytes and nothing happens; other bytes fail the job. Without one it is
// appended as it comes.
struct WorkerEvent {
  std::optional<int64_t> ordinal;
  std::string payload;
};

// The bytes that the store keeps for a server-made entry, and back.
std::string EncodeStateChange(const StateChange& change);
absl::Status DecodeStateChange(const std::string& text, StateChange* change);
std::string EncodeAttemptStarted(const AttemptStarted& started);
absl::Status DecodeAttemptStarted(const std::string& text, AttemptStarted* started);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_EVENT_H_
