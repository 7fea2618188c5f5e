// What a new server makes of a dead one's attempts. Start-up is recovery: there is no other path.
#include "server/store/attempt_rows.h"
#include "server/store/dataset_rows.h"
#include "server/store/import_rows.h"
#include "server/store/job_rows.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::DatasetState;
using domain::JobState;

// Request ids are kept this long after what they made is final.
constexpr absl::Duration kRequestRetention = absl::Hours(24);

absl::StatusOr<std::vector<JobRow>> OwnedJobs(Database& database) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare(SelectJobs() + " WHERE state IN (?1, ?2) ORDER BY id"));
  s.Bind(1, static_cast<int64_t>(JobState::kRunning));
  s.Bind(2, static_cast<int64_t>(JobState::kCancelling));
  std::vector<JobRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return rows;
    ASSIGN_OR_RETURN(JobRow row, ReadJobRow(s));
    rows.push_back(std::move(row));
  }
}

void Count(JobState state, RecoveryReport& report) {
  if (state == JobState::kPending) ++report.requeued;
  if (state == JobState::kFailed) ++report.failed;
  if (state == JobState::kCancelled) ++report.cancelled;
  if (state == JobState::kPaused) ++report.paused;
}

absl::Status RecoverJobs(Database& database, absl::Time now, RecoveryReport& report) {
  ASSIGN_OR_RETURN(std::vector<JobRow> rows, OwnedJobs(database));
  domain::AttemptEnd end;
  end.outcome = domain::AttemptOutcome::kCrashed;
  for (JobRow& row : rows) {
    ASSIGN_OR_RETURN(const absl::Time ended, LastSignOfLife(database, row));
    RETURN_IF_ERROR(EndAttempt(database, row, end, ended, now));
    RETURN_IF_ERROR(UpdateJob(database, row, now));
    Count(row.job.state, report);
  }
  return absl::OkStatus();
}

absl::Status RecoverImports(Database& database, absl::Time now, RecoveryReport& report) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare(SelectDatasets() + " WHERE state = ?1 AND "
                                                                    "import_running = 1"));
  s.Bind(1, static_cast<int64_t>(DatasetState::kImporting));
  ASSIGN_OR_RETURN(std::vector<domain::Dataset> datasets, ReadDatasets(database, s));
  domain::ImportEnd end;
  end.outcome = domain::ImportEnd::Outcome::kCrashed;
  for (domain::Dataset& dataset : datasets) {
    DatasetRow row{std::move(dataset)};
    RETURN_IF_ERROR(EndImport(row, end, now));
    RETURN_IF_ERROR(UpdateDataset(database, row, now));
    if (row.dataset.state == DatasetState::kFailed) ++report.imports_failed;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RecoveryReport> SqliteStore::Recover() {
  RecoveryReport report;
  RETURN_IF_ERROR(writer_.Run([&](Database& database) -> absl::Status {
    RETURN_IF_ERROR(RecoverJobs(database, Now(), report));
    return RecoverImports(database, Now(), report);
  }));
  return report;
}

absl::StatusOr<int64_t> SqliteStore::PurgeRequests() {
  int64_t purged = 0;
  const absl::Time before = Now() - kRequestRetention;
  RETURN_IF_ERROR(writer_.Run([&](Database& database) -> absl::Status {
    ASSIGN_OR_RETURN(
        Statement s,
        database.Prepare("DELETE FROM request WHERE "
                         "job_id IN (SELECT id FROM job WHERE end_us < ?1) OR "
                         "dataset_id IN (SELECT id FROM dataset WHERE state IN (?2, ?3) "
                         "AND update_us < ?1)"));
    s.Bind(1, before);
    s.Bind(2, static_cast<int64_t>(DatasetState::kActive));
    s.Bind(3, static_cast<int64_t>(DatasetState::kFailed));
    RETURN_IF_ERROR(s.Run());
    purged = database.changed_rows();
    return absl::OkStatus();
  }));
  return purged;
}

}  // namespace winnow::store
