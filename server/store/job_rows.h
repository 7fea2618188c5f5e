// Rows of the table job as values, and the one way in which a job changes its state.
#ifndef WINNOW_SERVER_STORE_JOB_ROWS_H_
#define WINNOW_SERVER_STORE_JOB_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/event.h"
#include "server/domain/job.h"
#include "server/store/database.h"

namespace winnow::store {

struct JobRow {
  domain::Job job;           // job.order is the row's id
  int64_t last_ordinal = 0;  // of the workers' deterministic events
};

// "SELECT <columns> FROM job"; ReadJobRow takes its rows.
std::string SelectJobs();
absl::StatusOr<JobRow> ReadJobRow(const Statement& statement);

absl::StatusOr<JobRow> LoadJob(Database& database, const domain::JobName& name);
// LoadJob for a write of `attempt`: ABORTED STALE_ATTEMPT unless it is the running one.
absl::StatusOr<JobRow> LoadFencedJob(Database& database, const domain::JobName& name,
                                     int32_t attempt);

// Sets row.job.order.
absl::Status InsertJob(Database& database, JobRow& row);
// Writes what can change, with revision + 1 and update_time = now.
absl::Status UpdateJob(Database& database, JobRow& row, absl::Time now);

// Appends one entry behind row.job.last_sequence and raises it; UpdateJob or UpdateHead writes the
// head.
absl::Status AppendEvent(Database& database, JobRow& row, absl::Time now, domain::EventKind kind,
                         std::optional<int64_t> ordinal, const std::string& payload);
// Writes last_sequence and last_ordinal alone; the revision stays.
absl::Status UpdateHead(Database& database, const JobRow& row, absl::Time now);

// What comes with a state change; from, to and attempt are filled in.
struct Move {
  domain::JobState to;
  std::string reason;
  std::optional<domain::Error> error;
  std::vector<domain::Artifact> artifacts;
  bool stopped_early = false;
};

// Changes state and what follows from it (times, error, requests) in `row` and appends the event.
// The caller then calls UpdateJob. INTERNAL when the table of transitions does not have it.
absl::Status MoveJob(Database& database, JobRow& row, const Move& move, absl::Time now);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_JOB_ROWS_H_
