#include "server/domain/job_state.h"

namespace winnow::domain {
namespace {

struct Transition {
  JobState from;
  JobState to;
};

// THE table. What is not here is refused.
constexpr Transition kTransitions[] = {
    {JobState::kPending, JobState::kRunning},  // a slot is free: attempt + 1
    {JobState::kPending,
     JobState::kCancelling},                  // cancel; CANCELLED follows in the same transaction
    {JobState::kPending, JobState::kFailed},  // crash loop, dataset gone
    {JobState::kRunning, JobState::kSucceeded},   // result committed
    {JobState::kRunning, JobState::kFailed},      // the job's own fault
    {JobState::kRunning, JobState::kPending},     // drain, crash
    {JobState::kRunning, JobState::kPaused},      // pause, after the yield
    {JobState::kRunning, JobState::kCancelling},  // cancel; the worker still lives
    {JobState::kPaused, JobState::kPending},      // resume
    {JobState::kPaused,
     JobState::kCancelling},  // cancel; CANCELLED follows in the same transaction
    {JobState::kCancelling, JobState::kCancelled},
    {JobState::kCancelling, JobState::kSucceeded},  // the result came first
    {JobState::kCancelling, JobState::kFailed},     // the failure came first
};

struct StateName {
  JobState state;
  const char* name;
};

constexpr StateName kNames[] = {
    {JobState::kPending, "PENDING"},     {JobState::kRunning, "RUNNING"},
    {JobState::kPaused, "PAUSED"},       {JobState::kCancelling, "CANCELLING"},
    {JobState::kSucceeded, "SUCCEEDED"}, {JobState::kFailed, "FAILED"},
    {JobState::kCancelled, "CANCELLED"},
};

}  // namespace

bool CanTransition(JobState from, JobState to) {
  for (const Transition& transition : kTransitions) {
    if (transition.from == from && transition.to == to) return true;
  }
  return false;
}

bool IsTerminal(JobState state) {
  return state == JobState::kSucceeded || state == JobState::kFailed ||
         state == JobState::kCancelled;
}

const char* JobStateName(JobState state) {
  for (const StateName& entry : kNames) {
    if (entry.state == state) return entry.name;
  }
  return "UNSPECIFIED";
}

std::optional<JobState> ParseJobState(const std::string& name) {
  const std::string bare = name.rfind("STATE_", 0) == 0 ? name.substr(6) : name;
  for (const StateName& entry : kNames) {
    if (bare == entry.name) return entry.state;
  }
  return std::nullopt;
}

}  // namespace winnow::domain
