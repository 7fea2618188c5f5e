// The job state machine as one table (published in job.proto).
//
//   PENDING ----> RUNNING -----------------> SUCCEEDED | FAILED
//     ^  |          |  |
//     |  |          |  +--> PENDING   drain or crash; attempt + 1 at the next start
//     |  |          +-----> PAUSED    pause: the worker checkpointed and left
//     |  +--> FAILED                  crash loop, dataset gone
//     +------- PAUSED                 resume
//   PENDING | RUNNING | PAUSED --> CANCELLING --> CANCELLED | SUCCEEDED | FAILED   whichever came
//   first
#ifndef WINNOW_SERVER_DOMAIN_JOB_STATE_H_
#define WINNOW_SERVER_DOMAIN_JOB_STATE_H_

#include <array>
#include <optional>
#include <string>

namespace winnow::domain {

// Values are stored: never renumbered.
enum class JobState {
  kPending = 1,     // waits for a slot
  kRunning = 2,     // an attempt owns it
  kPaused = 3,      // waits for ResumeJob
  kCancelling = 4,  // cancel is durable, its worker still lives
  kSucceeded = 5,
  kFailed = 6,
  kCancelled = 7,
};

inline constexpr std::array<JobState, 7> kJobStates = {
    JobState::kPending,   JobState::kRunning, JobState::kPaused,   JobState::kCancelling,
    JobState::kSucceeded, JobState::kFailed,  JobState::kCancelled};

bool CanTransition(JobState from, JobState to);

// SUCCEEDED, FAILED, CANCELLED: nothing follows.
bool IsTerminal(JobState state);

// "PENDING" …
const char* JobStateName(JobState state);
// Accepts "RUNNING" and "STATE_RUNNING".
std::optional<JobState> ParseJobState(const std::string& name);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_JOB_STATE_H_
