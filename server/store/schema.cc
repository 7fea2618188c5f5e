#include "server/store/schema.h"

#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::store {
namespace {

// Times are microseconds since 1970 (…_us), states and kinds the numbers of their enums in domain/.
// A row's id is its place in creation order; AUTOINCREMENT, so that a page token never points at a
// newer row that took a deleted one's id.
constexpr char kFirstTables[] = R"sql(
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  job TEXT NOT NULL,
  state INTEGER NOT NULL,
  spec BLOB NOT NULL,
  plan BLOB NOT NULL,
  plan_version INTEGER NOT NULL,
  task TEXT NOT NULL,
  selector TEXT NOT NULL,
  dataset TEXT NOT NULL,
  dataset_sha256 TEXT NOT NULL,
  labels TEXT NOT NULL,
  priority INTEGER NOT NULL,
  threads INTEGER NOT NULL,
  memory_limit_bytes INTEGER NOT NULL,
  memory_estimate_bytes INTEGER NOT NULL,
  wall_clock_limit_ms INTEGER,
  stop_requested INTEGER NOT NULL,
  pause_requested INTEGER NOT NULL,
  stopped_early INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  ran_ms INTEGER NOT NULL,
  error TEXT,
  last_sequence INTEGER NOT NULL,
  last_ordinal INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL,
  start_us INTEGER,
  end_us INTEGER,
  UNIQUE (tenant, job)
) STRICT;
CREATE INDEX job_by_state ON job (state, id);
CREATE INDEX job_by_tenant ON job (tenant, id);
CREATE INDEX job_by_dataset ON job (tenant, dataset, state);

CREATE TABLE event (
  job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  ordinal INTEGER,
  payload BLOB NOT NULL,
  PRIMARY KEY (job_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_by_ordinal ON event (job_id, ordinal) WHERE ordinal IS NOT NULL;

CREATE TABLE attempt (
  job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER,
  outcome TEXT NOT NULL,
  exit_code INTEGER,
  signal INTEGER,
  hit_memory_limit INTEGER,
  peak_rss_bytes INTEGER,
  PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  step INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  plan_version INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  create_us INTEGER NOT NULL
) STRICT;
CREATE INDEX checkpoint_by_job ON checkpoint (job_id, id);

CREATE TABLE artifact (
  job_id INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  artifact TEXT NOT NULL,
  path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  create_us INTEGER NOT NULL,
  PRIMARY KEY (job_id, artifact)
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  dataset TEXT NOT NULL,
  state INTEGER NOT NULL,
  schema BLOB NOT NULL,
  content_sha256 TEXT NOT NULL,
  labels TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  import_running INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  error TEXT,
  profile BLOB NOT NULL,
  table_sha256 TEXT NOT NULL,
  table_size_bytes INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  column_count INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL,
  active_us INTEGER,
  UNIQUE (tenant, dataset)
) STRICT;
CREATE INDEX dataset_by_state ON dataset (state, id);
CREATE INDEX dataset_by_tenant ON dataset (tenant, id);
CREATE INDEX dataset_by_content ON dataset (tenant, content_sha256) WHERE content_sha256 <> '';

CREATE TABLE dataset_file (
  dataset_id INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
  file_index INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  role TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  local_path TEXT NOT NULL,
  committed_size_bytes INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, file_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
  tenant TEXT NOT NULL,
  method TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  job_id INTEGER REFERENCES job (id) ON DELETE CASCADE,
  dataset_id INTEGER REFERENCES dataset (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant, method, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_by_job ON request (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX request_by_dataset ON request (dataset_id) WHERE dataset_id IS NOT NULL;
)sql";

// Jobs that start from another job.
constexpr char kParentJobs[] = R"sql(
ALTER TABLE job ADD COLUMN parent_job TEXT NOT NULL DEFAULT '';
CREATE INDEX job_by_parent ON job (tenant, parent_job, state) WHERE parent_job <> '';
)sql";

// Migration i brings a file from version i to i + 1. Released entries never change.
constexpr const char* kMigrations[] = {
    kFirstTables,
    kParentJobs,
};

absl::Status RunMigration(Database& database, int64_t from) {
  RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  absl::Status status = database.Execute(kMigrations[from]);
  if (status.ok()) status = database.Execute(absl::StrCat("PRAGMA user_version=", from + 1));
  if (status.ok()) status = database.Execute("COMMIT");
  if (!status.ok() && database.in_transaction()) database.Execute("ROLLBACK").IgnoreError();
  return status;
}

}  // namespace

int64_t SchemaVersion() { return static_cast<int64_t>(std::size(kMigrations)); }

absl::StatusOr<int64_t> ReadSchemaVersion(Database& database) {
  ASSIGN_OR_RETURN(Statement statement, database.Prepare("PRAGMA user_version"));
  RETURN_IF_ERROR(statement.Run());
  return statement.Integer(0);
}

absl::Status Migrate(Database& database) {
  ASSIGN_OR_RETURN(const int64_t version, ReadSchemaVersion(database));
  if (version > SchemaVersion()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store was written by a newer program: its version is ", version,
                     ", this program knows up to ", SchemaVersion()));
  }
  for (int64_t from = version; from < SchemaVersion(); ++from) {
    RETURN_IF_ERROR(RunMigration(database, from));
  }
  return absl::OkStatus();
}

absl::Status QuickCheck(Database& database) {
  ASSIGN_OR_RETURN(Statement statement, database.Prepare("PRAGMA quick_check(1)"));
  RETURN_IF_ERROR(statement.Run());
  const std::string verdict = statement.Text(0);
  if (verdict == "ok") return absl::OkStatus();
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat("the store is damaged: ", verdict));
}

}  // namespace winnow::store
