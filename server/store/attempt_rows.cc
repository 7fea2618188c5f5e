#include "server/store/attempt_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/status.h"

namespace winnow::store {
namespace {

using domain::Artifact;
using domain::Attempt;
using domain::Checkpoint;

absl::Status InsertArtifact(Database& database, int64_t job_id, const Artifact& artifact,
                            absl::Time now) {
  ASSIGN_OR_RETURN(
      Statement s,
      database.Prepare("INSERT OR REPLACE INTO artifact (job_id, artifact, path, "
                       "size_bytes, sha256, create_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  s.Bind(1, job_id);
  s.Bind(2, artifact.id);
  s.Bind(3, artifact.path);
  s.Bind(4, artifact.size_bytes);
  s.Bind(5, artifact.sha256);
  s.Bind(6, now);
  return s.Run();
}

absl::StatusOr<absl::Time> AttemptStart(Database& database, const JobRow& row) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT start_us FROM attempt WHERE job_id = ?1 "
                                                 "AND number = ?2"));
  s.Bind(1, row.job.order);
  s.Bind(2, int64_t{row.job.attempt});
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return absl::InternalError("store: a running job has no attempt row");
  return s.Time(0);
}

absl::Status CloseAttempt(Database& database, const JobRow& row, domain::AttemptOutcome outcome,
                          absl::Time ended) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("UPDATE attempt SET end_us = ?3, outcome = ?4 "
                                                 "WHERE job_id = ?1 AND number = ?2"));
  s.Bind(1, row.job.order);
  s.Bind(2, int64_t{row.job.attempt});
  s.Bind(3, ended);
  s.Bind(4, std::string(domain::AttemptOutcomeName(outcome)));
  return s.Run();
}

Checkpoint ReadCheckpoint(const Statement& s) {
  Checkpoint checkpoint;
  checkpoint.path = s.Text(0);
  checkpoint.ordinal = s.Integer(1);
  checkpoint.step = s.Integer(2);
  checkpoint.size_bytes = s.Integer(3);
  checkpoint.sha256 = s.Text(4);
  checkpoint.plan_version = static_cast<int32_t>(s.Integer(5));
  checkpoint.attempt = static_cast<int32_t>(s.Integer(6));
  checkpoint.create_time = s.Time(7);
  return checkpoint;
}

}  // namespace

absl::Status InsertAttempt(Database& database, int64_t job_id, int32_t number, absl::Time now) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("INSERT INTO attempt (job_id, number, start_us, "
                                                 "outcome) VALUES (?1, ?2, ?3, '')"));
  s.Bind(1, job_id);
  s.Bind(2, int64_t{number});
  s.Bind(3, now);
  return s.Run();
}

absl::Status RecordAttemptExit(Database& database, int64_t job_id, int32_t number,
                               const domain::ExitInfo& exit) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("UPDATE attempt SET exit_code = ?3, signal = ?4, "
                                                 "hit_memory_limit = ?5, peak_rss_bytes = ?6 "
                                                 "WHERE job_id = ?1 AND number = ?2"));
  s.Bind(1, job_id);
  s.Bind(2, int64_t{number});
  s.Bind(3, int64_t{exit.exit_code});
  s.Bind(4, int64_t{exit.signal});
  s.Bind(5, int64_t{exit.hit_memory_limit});
  s.Bind(6, exit.peak_rss_bytes);
  RETURN_IF_ERROR(s.Run());
  if (database.changed_rows() == 1) return absl::OkStatus();
  return absl::NotFoundError("store: there is no such attempt");
}

absl::StatusOr<std::vector<Attempt>> LoadAttempts(Database& database, int64_t job_id) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT number, start_us, end_us, outcome, exit_code, signal, "
                                    "hit_memory_limit, peak_rss_bytes FROM attempt "
                                    "WHERE job_id = ?1 ORDER BY number"));
  s.Bind(1, job_id);
  std::vector<Attempt> attempts;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return attempts;
    Attempt attempt;
    attempt.number = static_cast<int32_t>(s.Integer(0));
    attempt.start_time = s.Time(1);
    attempt.end_time = s.MaybeTime(2);
    attempt.outcome = s.Text(3);
    if (!s.IsNull(4)) {
      attempt.exit =
          domain::ExitInfo{static_cast<int>(s.Integer(4)), static_cast<int>(s.Integer(5)),
                           s.Integer(6) != 0, s.Integer(7)};
    }
    attempts.push_back(std::move(attempt));
  }
}

absl::StatusOr<std::vector<Checkpoint>> LoadCheckpoints(Database& database, int64_t job_id) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT path, ordinal, step, size_bytes, sha256, plan_version, "
                                    "attempt, create_us FROM checkpoint WHERE job_id = ?1 "
                                    "ORDER BY id DESC"));
  s.Bind(1, job_id);
  std::vector<Checkpoint> checkpoints;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return checkpoints;
    checkpoints.push_back(ReadCheckpoint(s));
  }
}

absl::Status InsertCheckpoint(Database& database, int64_t job_id, const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("INSERT INTO checkpoint (job_id, path, ordinal, step, "
                                    "size_bytes, sha256, plan_version, attempt, create_us) "
                                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  s.Bind(1, job_id);
  s.Bind(2, checkpoint.path);
  s.Bind(3, checkpoint.ordinal);
  s.Bind(4, checkpoint.step);
  s.Bind(5, checkpoint.size_bytes);
  s.Bind(6, checkpoint.sha256);
  s.Bind(7, int64_t{checkpoint.plan_version});
  s.Bind(8, int64_t{checkpoint.attempt});
  s.Bind(9, checkpoint.create_time);
  return s.Run();
}

absl::StatusOr<std::vector<Checkpoint>> TrimCheckpoints(Database& database, int64_t job_id,
                                                        size_t keep) {
  ASSIGN_OR_RETURN(const std::vector<Checkpoint> all, LoadCheckpoints(database, job_id));
  const size_t kept = std::min(keep, all.size());
  ASSIGN_OR_RETURN(
      Statement s,
      database.Prepare("DELETE FROM checkpoint WHERE job_id = ?1 AND id NOT IN (SELECT "
                       "id FROM checkpoint WHERE job_id = ?1 ORDER BY id DESC LIMIT ?2)"));
  s.Bind(1, job_id);
  s.Bind(2, static_cast<int64_t>(kept));
  RETURN_IF_ERROR(s.Run());
  std::vector<Checkpoint> dropped;
  for (size_t i = kept; i < all.size(); ++i) {
    const bool named = std::any_of(all.begin(), all.begin() + static_cast<int64_t>(kept),
                                   [&](const Checkpoint& k) { return k.path == all[i].path; });
    if (!named) dropped.push_back(all[i]);
  }
  return dropped;
}

absl::StatusOr<std::vector<Artifact>> LoadArtifacts(Database& database, int64_t job_id) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT artifact, path, size_bytes, sha256, "
                                                 "create_us FROM artifact WHERE job_id = ?1 "
                                                 "ORDER BY artifact"));
  s.Bind(1, job_id);
  std::vector<Artifact> artifacts;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return artifacts;
    artifacts.push_back({s.Text(0), s.Text(1), s.Integer(2), s.Text(3), s.Time(4)});
  }
}

absl::Status EndAttempt(Database& database, JobRow& row, const domain::AttemptEnd& end,
                        absl::Time ended, absl::Time now) {
  domain::Job& job = row.job;
  const domain::JobVerdict verdict = domain::DecideAfterAttempt(job, end);
  ASSIGN_OR_RETURN(const absl::Time started, AttemptStart(database, row));
  job.ran += std::max(ended - started, absl::ZeroDuration());
  job.crashes = verdict.crashes;
  RETURN_IF_ERROR(CloseAttempt(database, row, end.outcome, ended));
  if (end.exit.has_value()) {
    RETURN_IF_ERROR(RecordAttemptExit(database, job.order, job.attempt, *end.exit));
  }
  Move move{verdict.state, verdict.reason, verdict.error, {}};
  if (domain::IsTerminal(verdict.state)) {
    move.artifacts = end.artifacts;
    for (Artifact& artifact : move.artifacts) {
      artifact.create_time = now;
      RETURN_IF_ERROR(InsertArtifact(database, job.order, artifact, now));
    }
  }
  move.stopped_early = verdict.state == domain::JobState::kSucceeded && end.stopped_early;
  return MoveJob(database, row, move, now);
}

absl::StatusOr<absl::Time> LastSignOfLife(Database& database, const JobRow& row) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT max(time_us) FROM event WHERE job_id = ?1 "
                                                 "AND attempt = ?2"));
  s.Bind(1, row.job.order);
  s.Bind(2, int64_t{row.job.attempt});
  RETURN_IF_ERROR(s.Run());
  if (s.IsNull(0)) return AttemptStart(database, row);
  return s.Time(0);
}

}  // namespace winnow::store
