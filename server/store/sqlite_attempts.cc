// The life of an attempt: claim, checkpoints, end.
#include "absl/strings/str_cat.h"
#include "server/domain/error.h"
#include "server/store/attempt_rows.h"
#include "server/store/job_rows.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::Checkpoint;
using domain::Job;
using domain::JobName;
using domain::JobState;

// A bad newest one falls back to the older.
constexpr size_t kKeptCheckpoints = 2;

absl::StatusOr<Claim> ClaimRow(Database& database, const JobName& name, absl::Time now) {
  ASSIGN_OR_RETURN(JobRow row, LoadJob(database, name));
  if (row.job.state != JobState::kPending) {
    return absl::FailedPreconditionError(absl::StrCat("job ", name.ToString(), " is ",
                                                      domain::JobStateName(row.job.state),
                                                      "; PENDING was expected"));
  }
  ++row.job.attempt;
  RETURN_IF_ERROR(InsertAttempt(database, row.job.order, row.job.attempt, now));
  RETURN_IF_ERROR(MoveJob(database, row, Move{JobState::kRunning, "", std::nullopt, {}}, now));
  Claim claim;
  ASSIGN_OR_RETURN(std::vector<Checkpoint> all, LoadCheckpoints(database, row.job.order));
  for (Checkpoint& checkpoint : all) {
    if (checkpoint.plan_version == row.job.config.plan_version) {
      claim.checkpoints.push_back(std::move(checkpoint));
    }
  }
  domain::AttemptStarted started{row.job.attempt, 0, row.job.config.threads};
  if (!claim.checkpoints.empty()) started.from_step = claim.checkpoints.front().step;
  RETURN_IF_ERROR(AppendEvent(database, row, now, domain::EventKind::kAttemptStarted, std::nullopt,
                              domain::EncodeAttemptStarted(started)));
  RETURN_IF_ERROR(UpdateJob(database, row, now));
  claim.job = std::move(row.job);
  return claim;
}

}  // namespace

absl::StatusOr<Claim> SqliteStore::ClaimForAttempt(const JobName& name) {
  return Write<Claim>(name.ToString(),
                      [&](Database& database) { return ClaimRow(database, name, Now()); });
}

absl::StatusOr<std::vector<Checkpoint>> SqliteStore::AddCheckpoint(const JobName& name,
                                                                   int32_t attempt,
                                                                   const Checkpoint& checkpoint) {
  using Checkpoints = std::vector<Checkpoint>;
  return Write<Checkpoints>(
      name.ToString(), [&](Database& database) -> absl::StatusOr<Checkpoints> {
        ASSIGN_OR_RETURN(JobRow row, LoadFencedJob(database, name, attempt));
        if (checkpoint.ordinal > row.last_ordinal) {
          return absl::FailedPreconditionError(
              absl::StrCat("checkpoint of ", name.ToString(), " has seen event ordinal ",
                           checkpoint.ordinal, ", the log ends at ", row.last_ordinal));
        }
        Checkpoint stored = checkpoint;
        stored.attempt = attempt;
        stored.create_time = Now();
        RETURN_IF_ERROR(InsertCheckpoint(database, row.job.order, stored));
        if (row.job.crashes > 0) {
          row.job.crashes = 0;
          RETURN_IF_ERROR(UpdateJob(database, row, Now()));
        }
        return TrimCheckpoints(database, row.job.order, kKeptCheckpoints);
      });
}

absl::StatusOr<Job> SqliteStore::FinishAttempt(const JobName& name, int32_t attempt,
                                               const domain::AttemptEnd& end) {
  return Write<Job>(name.ToString(), [&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadFencedJob(database, name, attempt));
    RETURN_IF_ERROR(EndAttempt(database, row, end, Now(), Now()));
    RETURN_IF_ERROR(UpdateJob(database, row, Now()));
    return std::move(row.job);
  });
}

absl::Status SqliteStore::RecordExit(const JobName& name, int32_t attempt,
                                     const domain::ExitInfo& exit) {
  return Write<bool>(name.ToString(),
                     [&](Database& database) -> absl::StatusOr<bool> {
                       ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
                       RETURN_IF_ERROR(RecordAttemptExit(database, row.job.order, attempt, exit));
                       return true;
                     })
      .status();
}

absl::StatusOr<std::vector<domain::Attempt>> SqliteStore::ListAttempts(const JobName& name) {
  using Attempts = std::vector<domain::Attempt>;
  return Read<Attempts>([&](Database& database) -> absl::StatusOr<Attempts> {
    ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
    return LoadAttempts(database, row.job.order);
  });
}

absl::StatusOr<std::vector<Checkpoint>> SqliteStore::ListCheckpoints(const JobName& name) {
  using Checkpoints = std::vector<Checkpoint>;
  return Read<Checkpoints>([&](Database& database) -> absl::StatusOr<Checkpoints> {
    ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
    return LoadCheckpoints(database, row.job.order);
  });
}

absl::StatusOr<std::vector<domain::Artifact>> SqliteStore::ListArtifacts(const JobName& name) {
  using Artifacts = std::vector<domain::Artifact>;
  return Read<Artifacts>([&](Database& database) -> absl::StatusOr<Artifacts> {
    ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
    return LoadArtifacts(database, row.job.order);
  });
}

absl::StatusOr<domain::Artifact> SqliteStore::GetArtifact(const domain::ArtifactName& name) {
  ASSIGN_OR_RETURN(const std::vector<domain::Artifact> all, ListArtifacts(name.job));
  for (const domain::Artifact& artifact : all) {
    if (artifact.id == name.artifact) return artifact;
  }
  return domain::MakeError(absl::StatusCode::kNotFound, domain::reason::kArtifactNotFound,
                           absl::StrCat("there is no artifact ", name.ToString()), name.ToString());
}

}  // namespace winnow::store
