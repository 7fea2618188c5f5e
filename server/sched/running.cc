#include "server/sched/running.h"

#include "absl/strings/str_cat.h"
#include "server/domain/error.h"

namespace winnow::sched {
namespace {

using domain::AttemptEnd;
using domain::AttemptOutcome;
using domain::Error;
using domain::ImportEnd;
namespace reason = domain::reason;

// What was seen, for people.
std::string Observation(const Running& running) {
  if (!running.launch_error.empty()) {
    return absl::StrCat("the worker could not be started: ", running.launch_error);
  }
  switch (running.killed) {
    case KillCause::kNeverAttached:
      return "the worker did not connect to the server in time and was ended";
    case KillCause::kSilent:
      return "the worker gave no sign of life and was ended";
    case KillCause::kDisconnected:
      return "the worker lost its connection and was ended";
    case KillCause::kWallClock:
      return "the job did not stop within the grace period after its wall-clock limit";
    case KillCause::kCancel:
      return "the worker was ended after a cancel";
    case KillCause::kDrain:
      return "the worker was ended because the server goes down";
    case KillCause::kDeleted:
      return "the worker was ended because its resource was deleted";
    case KillCause::kNone:
    case KillCause::kLingering:
    case KillCause::kRefused:
      break;
  }
  return running.exit.ToString();
}

Error ErrorOf(absl::StatusCode code, const char* reason, const Running& running) {
  Error error;
  error.code = code;
  error.reason = reason;
  error.message = Observation(running);
  error.subject = running.id.ToString();
  return error;
}

// Killed by us: the memory limit is not what ended it.
bool RanOutOfMemory(const Running& running) {
  return running.killed == KillCause::kNone && running.exit.hit_memory_limit;
}

Error OutOfMemory(const Running& running) {
  return ErrorOf(absl::StatusCode::kResourceExhausted, reason::kWorkerOutOfMemory, running);
}

}  // namespace

void KillNoLaterThan(Running& running, absl::Duration at, KillCause cause) {
  if (at >= running.kill_at) return;
  running.kill_at = at;
  running.kill_at_cause = cause;
}

Due WhatIsDue(const Running& running, absl::Duration now, const SchedulerOptions& options) {
  Due due;
  if (running.exited || running.phase == Phase::kStarting) return due;
  if (running.killed != KillCause::kNone) return due;
  if (now >= running.kill_at) {
    due.kill = running.kill_at_cause;
  } else if (running.phase == Phase::kLaunched && now >= running.started + options.attach_timeout) {
    due.kill = KillCause::kNeverAttached;
  } else if (running.phase == Phase::kAttached &&
             now >= running.last_sign + options.heartbeat_timeout) {
    due.kill = KillCause::kSilent;
  } else if (!running.settled && !running.stopped_for_wall_clock &&
             now >= running.started + running.wall_clock_left) {
    due.stop = true;
  }
  return due;
}

AttemptEnd EndOfJobAttempt(const Running& running) {
  AttemptEnd end;
  end.exit = running.exit;
  switch (running.killed) {
    case KillCause::kCancel:
    case KillCause::kDeleted:
      end.outcome = AttemptOutcome::kCancelled;
      return end;
    case KillCause::kDrain:
      end.outcome = AttemptOutcome::kInterrupted;
      return end;
    case KillCause::kWallClock:
      end.outcome = AttemptOutcome::kFailed;
      end.error = ErrorOf(absl::StatusCode::kDeadlineExceeded, reason::kWallClockExceeded, running);
      return end;
    default:
      break;
  }
  if (RanOutOfMemory(running)) {
    end.outcome = AttemptOutcome::kFailed;
    end.error = OutOfMemory(running);
    return end;
  }
  end.outcome = AttemptOutcome::kCrashed;
  end.error = ErrorOf(absl::StatusCode::kInternal, reason::kCrash, running);
  return end;
}

ImportEnd EndOfImportAttempt(const Running& running) {
  ImportEnd end;
  if (running.killed == KillCause::kDrain || running.killed == KillCause::kDeleted) {
    end.outcome = ImportEnd::Outcome::kInterrupted;
  } else if (RanOutOfMemory(running)) {
    end.outcome = ImportEnd::Outcome::kFailed;
    end.error = OutOfMemory(running);
  } else {
    end.outcome = ImportEnd::Outcome::kCrashed;
    end.error = ErrorOf(absl::StatusCode::kInternal, reason::kCrash, running);
  }
  return end;
}

absl::Status EndOfInference(const Running& running) {
  if (running.killed == KillCause::kCancel) {
    return domain::ToStatus(ErrorOf(absl::StatusCode::kCancelled, reason::kCancelled, running));
  }
  if (running.killed == KillCause::kDrain) {
    return domain::ToStatus(ErrorOf(absl::StatusCode::kUnavailable, reason::kDraining, running));
  }
  if (RanOutOfMemory(running)) return domain::ToStatus(OutOfMemory(running));
  return domain::ToStatus(ErrorOf(absl::StatusCode::kInternal, reason::kCrash, running));
}

}  // namespace winnow::sched
