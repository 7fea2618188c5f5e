#include "server/domain/attempt_end.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace winnow::domain {
namespace {

Error CancelledError(const Job& job) {
  Error error;
  error.code = absl::StatusCode::kCancelled;
  error.reason = reason::kCancelled;
  error.message = absl::StrCat("job ", job.name.ToString(), " was cancelled");
  return error;
}

Error CrashLoopError(const Job& job, const AttemptEnd& end) {
  Error error;
  error.code = absl::StatusCode::kInternal;
  error.reason = reason::kCrashLoop;
  error.message =
      absl::StrCat("the worker ended ", kCrashLimit,
                   " times without a new checkpoint in between; last, attempt ", job.attempt, ": ");
  if (end.error.has_value()) {
    absl::StrAppend(&error.message, end.error->message);
  } else if (end.exit.has_value()) {
    absl::StrAppend(&error.message, end.exit->ToString());
  } else {
    absl::StrAppend(&error.message, "the server was killed");
  }
  return error;
}

Error FailureError(const AttemptEnd& end) {
  if (end.error.has_value()) return *end.error;
  Error error;
  error.reason = reason::kInternal;
  error.message = "the worker reported a failure without a cause";
  return error;
}

// Back in line, or parked when that is what the user asked for meanwhile.
JobState StateAfterLeaving(const Job& job) {
  return job.pause_requested ? JobState::kPaused : JobState::kPending;
}

JobVerdict DecideAfterCrash(const Job& job, const AttemptEnd& end) {
  const int32_t crashes = job.crashes + 1;
  if (crashes >= kCrashLimit) {
    return {JobState::kFailed, crashes, reason::kCrashLoop, CrashLoopError(job, end)};
  }
  return {StateAfterLeaving(job), crashes, reason::kCrash, std::nullopt};
}

}  // namespace

const char* AttemptOutcomeName(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::kSucceeded:
      return "SUCCEEDED";
    case AttemptOutcome::kFailed:
      return "FAILED";
    case AttemptOutcome::kYielded:
      return "YIELDED";
    case AttemptOutcome::kCrashed:
      return "CRASHED";
    case AttemptOutcome::kInterrupted:
      return "INTERRUPTED";
    case AttemptOutcome::kCancelled:
      return "CANCELLED";
  }
  return "";
}

JobVerdict DecideAfterAttempt(const Job& job, const AttemptEnd& end) {
  switch (end.outcome) {
    case AttemptOutcome::kSucceeded:
      return {JobState::kSucceeded, job.crashes, "", std::nullopt};
    case AttemptOutcome::kFailed: {
      Error error = FailureError(end);
      return {JobState::kFailed, job.crashes, "", std::move(error)};
    }
    default:
      break;
  }
  if (job.state == JobState::kCancelling) {
    return {JobState::kCancelled, job.crashes, reason::kUserRequest, CancelledError(job)};
  }
  switch (end.outcome) {
    case AttemptOutcome::kYielded:
      return {StateAfterLeaving(job), job.crashes,
              job.pause_requested ? reason::kUserRequest : reason::kDrain, std::nullopt};
    case AttemptOutcome::kInterrupted:
      return {StateAfterLeaving(job), job.crashes, reason::kDrain, std::nullopt};
    default:
      // A worker that calls itself cancelled without a cancel is as good as one that died.
      return DecideAfterCrash(job, end);
  }
}

std::string ExitInfo::ToString() const {
  const std::string peak =
      peak_rss_bytes > 0 ? absl::StrFormat(" (peak %.2f GiB)", peak_rss_bytes / 1073741824.0) : "";
  if (hit_memory_limit) return "the worker reached its memory limit" + peak;
  if (signal != 0) return absl::StrCat("the worker was ended by signal ", signal, peak);
  return absl::StrCat("the worker ended with exit code ", exit_code, peak);
}

}  // namespace winnow::domain
