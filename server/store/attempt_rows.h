// Rows of the tables attempt, checkpoint and artifact, and the end of an attempt.
#ifndef WINNOW_SERVER_STORE_ATTEMPT_ROWS_H_
#define WINNOW_SERVER_STORE_ATTEMPT_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/attempt_end.h"
#include "server/domain/job.h"
#include "server/store/database.h"
#include "server/store/job_rows.h"

namespace winnow::store {

absl::Status InsertAttempt(Database& database, int64_t job_id, int32_t number, absl::Time now);
absl::Status RecordAttemptExit(Database& database, int64_t job_id, int32_t number,
                               const domain::ExitInfo& exit);
absl::StatusOr<std::vector<domain::Attempt>> LoadAttempts(Database& database, int64_t job_id);

// Newest first.
absl::StatusOr<std::vector<domain::Checkpoint>> LoadCheckpoints(Database& database, int64_t job_id);
absl::Status InsertCheckpoint(Database& database, int64_t job_id,
                              const domain::Checkpoint& checkpoint);
// Removes all rows but the newest `keep` and returns those whose file no kept row names.
absl::StatusOr<std::vector<domain::Checkpoint>> TrimCheckpoints(Database& database, int64_t job_id,
                                                                size_t keep);

absl::StatusOr<std::vector<domain::Artifact>> LoadArtifacts(Database& database, int64_t job_id);

// Settles the running attempt of `row`: attempt row, artifacts, verdict, state, event. REQUIRES:
// the job is RUNNING or CANCELLING. `ended` is when the attempt was last alive.
absl::Status EndAttempt(Database& database, JobRow& row, const domain::AttemptEnd& end,
                        absl::Time ended, absl::Time now);

// When the newest event of the attempt was stored, or its start: the last sign of life of a dead
// server's attempt.
absl::StatusOr<absl::Time> LastSignOfLife(Database& database, const JobRow& row);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_ATTEMPT_ROWS_H_
