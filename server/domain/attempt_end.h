// What becomes of a job when one of its attempts has ended: a pure decision over the state table.
#ifndef WINNOW_SERVER_DOMAIN_ATTEMPT_END_H_
#define WINNOW_SERVER_DOMAIN_ATTEMPT_END_H_

#include <optional>
#include <string>
#include <vector>

#include "server/domain/error.h"
#include "server/domain/job.h"

namespace winnow::domain {

enum class AttemptOutcome {
  kSucceeded,    // the worker finished and handed over its artifacts
  kFailed,       // the job itself is at fault (bad data, divergence, memory): no retry
  kYielded,      // checkpointed and left, because it was asked to
  kCrashed,      // died, hung, or could not be started: try again, within limits
  kInterrupted,  // killed by the server for a reason that is not the job's (drain ran out of time)
  kCancelled,    // ended by or after a cancel
};

const char* AttemptOutcomeName(AttemptOutcome outcome);  // "SUCCEEDED" …

struct AttemptEnd {
  AttemptOutcome outcome = AttemptOutcome::kCrashed;
  bool stopped_early = false;       // with kSucceeded
  std::vector<Artifact> artifacts;  // with kSucceeded (and what a failed one left for people)
  std::optional<Error> error;       // with kFailed; with kCrashed what was seen
  std::optional<ExitInfo> exit;     // when the process is already reaped
};

// Crashes in a row, without a new checkpoint in between, that end a job.
inline constexpr int kCrashLimit = 3;

struct JobVerdict {
  JobState state;              // where the job goes
  int32_t crashes;             // its new count
  const char* reason;          // for the state-changed event
  std::optional<Error> error;  // set when FAILED or CANCELLED
};

// REQUIRES: job.state is RUNNING or CANCELLING.
JobVerdict DecideAfterAttempt(const Job& job, const AttemptEnd& end);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_ATTEMPT_END_H_
