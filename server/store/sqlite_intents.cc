// What users ask of a job that exists: cancel, stop, pause, resume. Durable before it is
// acknowledged.
#include "absl/strings/str_cat.h"
#include "server/domain/error.h"
#include "server/store/job_rows.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::Job;
using domain::JobName;
using domain::JobState;
namespace reason = domain::reason;

absl::StatusOr<JobRow> LoadForIntent(Database& database, const JobName& name,
                                     int64_t etag_revision) {
  ASSIGN_OR_RETURN(JobRow row, LoadJob(database, name));
  if (etag_revision != 0 && etag_revision != row.job.revision) {
    return domain::MakeError(absl::StatusCode::kAborted, reason::kEtagMismatch,
                             absl::StrCat("job ", name.ToString(), " has changed: its etag is ",
                                          row.job.revision, ", the request has ", etag_revision),
                             name.ToString());
  }
  return row;
}

absl::Status WrongState(const Job& job, const char* reason, const char* expected) {
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, reason,
      absl::StrCat("job ", job.name.ToString(), " is ", domain::JobStateName(job.state), "; ",
                   expected, " was expected"),
      job.name.ToString());
}

absl::Status CancelNow(Database& database, JobRow& row, absl::Time now) {
  Move move{JobState::kCancelling, reason::kUserRequest, std::nullopt, {}};
  RETURN_IF_ERROR(MoveJob(database, row, move, now));
  domain::Error error;
  error.code = absl::StatusCode::kCancelled;
  error.reason = reason::kCancelled;
  error.message = absl::StrCat("job ", row.job.name.ToString(), " was cancelled");
  move.to = JobState::kCancelled;
  move.error = error;
  return MoveJob(database, row, move, now);
}

}  // namespace

absl::StatusOr<Job> SqliteStore::RequestCancel(const JobName& name, int64_t etag_revision) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadForIntent(database, name, etag_revision));
    switch (row.job.state) {
      case JobState::kPending:
      case JobState::kPaused:
        RETURN_IF_ERROR(CancelNow(database, row, Now()));
        break;
      case JobState::kRunning: {
        const Move move{JobState::kCancelling, reason::kUserRequest, std::nullopt, {}};
        RETURN_IF_ERROR(MoveJob(database, row, move, Now()));
        break;
      }
      default:
        return std::move(row.job);
    }
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

absl::StatusOr<Job> SqliteStore::RequestStop(const JobName& name, int64_t etag_revision) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadForIntent(database, name, etag_revision));
    if (row.job.state != JobState::kRunning) {
      return WrongState(row.job, reason::kJobNotRunning, "RUNNING");
    }
    if (row.job.stop_requested) return std::move(row.job);
    row.job.stop_requested = true;
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

absl::StatusOr<Job> SqliteStore::RequestPause(const JobName& name, int64_t etag_revision) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadForIntent(database, name, etag_revision));
    if (row.job.state == JobState::kPaused) return std::move(row.job);
    if (row.job.state != JobState::kRunning) {
      return WrongState(row.job, reason::kJobNotRunning, "RUNNING");
    }
    if (row.job.pause_requested) return std::move(row.job);
    row.job.pause_requested = true;
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

absl::StatusOr<Job> SqliteStore::ResumeJob(const JobName& name, int64_t etag_revision) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadForIntent(database, name, etag_revision));
    if (row.job.state == JobState::kPaused) {
      const Move move{JobState::kPending, reason::kUserRequest, std::nullopt, {}};
      RETURN_IF_ERROR(MoveJob(database, row, move, Now()));
    } else if (row.job.state == JobState::kRunning && row.job.pause_requested) {
      row.job.pause_requested = false;
    } else {
      return WrongState(row.job, reason::kJobNotPaused, "PAUSED");
    }
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

absl::StatusOr<Job> SqliteStore::FailPendingJob(const JobName& name, const domain::Error& error) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(database, name));
    if (row.job.state != JobState::kPending) {
      return WrongState(row.job, reason::kJobNotRunning, "PENDING");
    }
    const Move move{JobState::kFailed, error.reason, error, {}};
    RETURN_IF_ERROR(MoveJob(database, row, move, Now()));
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

}  // namespace winnow::store
