#include "server/store/job_rows.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/json_text.h"

namespace winnow::store {
namespace {

using domain::Job;
using domain::JobState;

// In the order of ReadJobRow. INSERT binds them all but the id, which AUTOINCREMENT gives.
constexpr char kColumns[] =
    "id, tenant, job, state, spec, plan, plan_version, task, selector, dataset, dataset_sha256, "
    "labels, priority, threads, memory_limit_bytes, memory_estimate_bytes, wall_clock_limit_ms, "
    "stop_requested, pause_requested, stopped_early, attempt, crashes, ran_ms, error, "
    "last_sequence, last_ordinal, revision, create_us, update_us, start_us, end_us, parent_job";

absl::Status BadRow(const char* column) {
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat("store: a job's ", column, " cannot be read"));
}

std::optional<int64_t> MaybeMilliseconds(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return std::nullopt;
  return absl::ToInt64Milliseconds(duration);
}

std::optional<std::string> MaybeError(const std::optional<domain::Error>& error) {
  if (!error.has_value()) return std::nullopt;
  return domain::EncodeError(*error);
}

}  // namespace

std::string SelectJobs() { return absl::StrCat("SELECT ", kColumns, " FROM job"); }

absl::StatusOr<JobRow> ReadJobRow(const Statement& s) {
  JobRow row;
  Job& job = row.job;
  domain::JobConfig& config = job.config;
  int column = 0;
  const auto integer = [&] { return s.Integer(column++); };
  const auto small = [&] { return static_cast<int32_t>(s.Integer(column++)); };
  const auto text = [&] { return s.Text(column++); };
  const auto time = [&] { return s.Time(column++); };
  job.order = integer();
  job.name.tenant = text();
  job.name.job = text();
  job.state = static_cast<JobState>(integer());
  config.spec = text();
  config.plan = text();
  config.plan_version = small();
  config.task = text();
  config.selector = text();
  config.dataset = text();
  config.dataset_sha256 = text();
  if (!domain::DecodeTextMap(text(), &config.labels)) return BadRow("labels");
  config.priority = small();
  config.threads = small();
  config.memory_limit_bytes = integer();
  config.memory_estimate_bytes = integer();
  const std::optional<int64_t> limit_ms = s.MaybeInteger(column++);
  if (limit_ms.has_value()) config.wall_clock_limit = absl::Milliseconds(*limit_ms);
  job.stop_requested = integer() != 0;
  job.pause_requested = integer() != 0;
  job.stopped_early = integer() != 0;
  job.attempt = small();
  job.crashes = small();
  job.ran = absl::Milliseconds(integer());
  const std::optional<std::string> error = s.MaybeText(column++);
  if (error.has_value()) {
    job.error.emplace();
    if (!domain::DecodeError(*error, &*job.error).ok()) return BadRow("error");
  }
  job.last_sequence = integer();
  row.last_ordinal = job.last_ordinal = integer();
  job.revision = integer();
  job.create_time = time();
  job.update_time = time();
  job.start_time = s.MaybeTime(column++);
  job.end_time = s.MaybeTime(column++);
  config.parent_job = text();
  return row;
}

absl::StatusOr<JobRow> LoadJob(Database& database, const domain::JobName& name) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare(SelectJobs() + " WHERE tenant = ?1 AND job = ?2"));
  statement.Bind(1, name.tenant);
  statement.Bind(2, name.job);
  ASSIGN_OR_RETURN(const bool found, statement.Step());
  if (!found) return domain::JobNotFound(name.ToString());
  return ReadJobRow(statement);
}

absl::StatusOr<JobRow> LoadFencedJob(Database& database, const domain::JobName& name,
                                     int32_t attempt) {
  ASSIGN_OR_RETURN(JobRow row, LoadJob(database, name));
  const Job& job = row.job;
  const bool owned = job.state == JobState::kRunning || job.state == JobState::kCancelling;
  if (job.attempt == attempt && owned) return row;
  return domain::MakeError(
      absl::StatusCode::kAborted, domain::reason::kStaleAttempt,
      absl::StrCat("attempt ", attempt, " of ", name.ToString(), " is over: the job is ",
                   domain::JobStateName(job.state), " with attempt ", job.attempt),
      name.ToString());
}

absl::Status InsertJob(Database& database, JobRow& row) {
  std::string marks = "NULL";
  for (int i = 1; i <= 31; ++i) absl::StrAppend(&marks, ", ?", i);
  ASSIGN_OR_RETURN(Statement s, database.Prepare(absl::StrCat("INSERT INTO job (", kColumns,
                                                              ") VALUES (", marks, ")")));
  const Job& job = row.job;
  const domain::JobConfig& config = job.config;
  int i = 1;
  s.Bind(i++, job.name.tenant);
  s.Bind(i++, job.name.job);
  s.Bind(i++, static_cast<int64_t>(job.state));
  s.BindBlob(i++, config.spec);
  s.BindBlob(i++, config.plan);
  s.Bind(i++, int64_t{config.plan_version});
  s.Bind(i++, config.task);
  s.Bind(i++, config.selector);
  s.Bind(i++, config.dataset);
  s.Bind(i++, config.dataset_sha256);
  s.Bind(i++, domain::EncodeTextMap(config.labels));
  s.Bind(i++, int64_t{config.priority});
  s.Bind(i++, int64_t{config.threads});
  s.Bind(i++, config.memory_limit_bytes);
  s.Bind(i++, config.memory_estimate_bytes);
  s.Bind(i++, MaybeMilliseconds(config.wall_clock_limit));
  s.Bind(i++, int64_t{job.stop_requested});
  s.Bind(i++, int64_t{job.pause_requested});
  s.Bind(i++, int64_t{job.stopped_early});
  s.Bind(i++, int64_t{job.attempt});
  s.Bind(i++, int64_t{job.crashes});
  s.Bind(i++, absl::ToInt64Milliseconds(job.ran));
  s.Bind(i++, MaybeError(job.error));
  s.Bind(i++, job.last_sequence);
  s.Bind(i++, row.last_ordinal);
  s.Bind(i++, job.revision);
  s.Bind(i++, job.create_time);
  s.Bind(i++, job.update_time);
  s.Bind(i++, job.start_time);
  s.Bind(i++, job.end_time);
  s.Bind(i++, config.parent_job);
  RETURN_IF_ERROR(s.Run());
  row.job.order = database.last_insert_id();
  return absl::OkStatus();
}

absl::Status UpdateJob(Database& database, JobRow& row, absl::Time now) {
  Job& job = row.job;
  ++job.revision;
  job.update_time = now;
  ASSIGN_OR_RETURN(
      Statement s,
      database.Prepare("UPDATE job SET state = ?2, stop_requested = ?3, pause_requested = ?4, "
                       "stopped_early = ?5, attempt = ?6, crashes = ?7, ran_ms = ?8, error = ?9, "
                       "last_sequence = ?10, last_ordinal = ?11, revision = ?12, update_us = ?13, "
                       "start_us = ?14, end_us = ?15 WHERE id = ?1"));
  s.Bind(1, job.order);
  s.Bind(2, static_cast<int64_t>(job.state));
  s.Bind(3, int64_t{job.stop_requested});
  s.Bind(4, int64_t{job.pause_requested});
  s.Bind(5, int64_t{job.stopped_early});
  s.Bind(6, int64_t{job.attempt});
  s.Bind(7, int64_t{job.crashes});
  s.Bind(8, absl::ToInt64Milliseconds(job.ran));
  s.Bind(9, MaybeError(job.error));
  s.Bind(10, job.last_sequence);
  s.Bind(11, row.last_ordinal);
  s.Bind(12, job.revision);
  s.Bind(13, job.update_time);
  s.Bind(14, job.start_time);
  s.Bind(15, job.end_time);
  return s.Run();
}

absl::Status AppendEvent(Database& database, JobRow& row, absl::Time now, domain::EventKind kind,
                         std::optional<int64_t> ordinal, const std::string& payload) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("INSERT INTO event (job_id, sequence, time_us, "
                                                 "attempt, kind, ordinal, payload) "
                                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  s.Bind(1, row.job.order);
  s.Bind(2, row.job.last_sequence + 1);
  s.Bind(3, now);
  s.Bind(4, int64_t{row.job.attempt});
  s.Bind(5, static_cast<int64_t>(kind));
  s.Bind(6, ordinal);
  s.BindBlob(7, payload);
  RETURN_IF_ERROR(s.Run());
  ++row.job.last_sequence;
  return absl::OkStatus();
}

absl::Status UpdateHead(Database& database, const JobRow& row, absl::Time now) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("UPDATE job SET last_sequence = ?2, "
                                    "last_ordinal = ?3, update_us = ?4 WHERE id = ?1"));
  s.Bind(1, row.job.order);
  s.Bind(2, row.job.last_sequence);
  s.Bind(3, row.last_ordinal);
  s.Bind(4, now);
  return s.Run();
}

absl::Status MoveJob(Database& database, JobRow& row, const Move& move, absl::Time now) {
  Job& job = row.job;
  if (!domain::CanTransition(job.state, move.to)) {
    return absl::InternalError(absl::StrCat("store: ", job.name.ToString(), " cannot go from ",
                                            domain::JobStateName(job.state), " to ",
                                            domain::JobStateName(move.to)));
  }
  domain::StateChange change;
  change.from = job.state;
  change.to = move.to;
  change.attempt = job.attempt;
  change.reason = move.reason;
  change.error = move.error;
  change.artifacts = move.artifacts;
  change.stopped_early = move.stopped_early;
  job.state = move.to;
  if (move.error.has_value()) job.error = move.error;
  if (move.stopped_early) job.stopped_early = true;
  if (move.to == JobState::kRunning && !job.start_time.has_value()) job.start_time = now;
  if (move.to == JobState::kPaused) job.pause_requested = false;
  if (domain::IsTerminal(move.to)) {
    job.end_time = now;
    job.pause_requested = false;
  }
  return AppendEvent(database, row, now, domain::EventKind::kStateChanged, std::nullopt,
                     domain::EncodeStateChange(change));
}

}  // namespace winnow::store
