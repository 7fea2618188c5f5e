// From uploaded bytes to an ACTIVE dataset.
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/domain/attempt_end.h"
#include "server/domain/error.h"
#include "server/store/dataset_rows.h"
#include "server/store/import_rows.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::Dataset;
using domain::DatasetFile;
using domain::DatasetName;
using domain::DatasetState;
using domain::ImportEnd;
namespace reason = domain::reason;

absl::Status WrongState(const Dataset& dataset, const char* reason, const char* expected) {
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, reason,
      absl::StrCat("dataset ", dataset.name.ToString(), " is ",
                   domain::DatasetStateName(dataset.state), "; ", expected, " was expected"),
      dataset.name.ToString());
}

absl::Status RequireComplete(const Dataset& dataset) {
  for (const DatasetFile& file : dataset.files) {
    if (file.complete) continue;
    return domain::MakeError(absl::StatusCode::kFailedPrecondition, reason::kUploadIncomplete,
                             absl::StrCat("dataset ", dataset.name.ToString(), ": file ",
                                          file.file_name, " has ", file.committed_size_bytes,
                                          " of ", file.size_bytes, " bytes or is not verified yet"),
                             dataset.name.ToString());
  }
  return absl::OkStatus();
}

absl::Status RequireOwned(const Dataset& dataset, int32_t attempt) {
  const bool owned = dataset.state == DatasetState::kImporting && dataset.import_running &&
                     dataset.attempt == attempt;
  if (owned) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kAborted, reason::kStaleAttempt,
      absl::StrCat("import attempt ", attempt, " of ", dataset.name.ToString(),
                   " is over: the dataset is ", domain::DatasetStateName(dataset.state),
                   " with attempt ", dataset.attempt),
      dataset.name.ToString());
}

domain::Error ImportCrashLoop(const Dataset& dataset, const ImportEnd& end) {
  domain::Error error;
  error.reason = reason::kCrashLoop;
  error.message =
      absl::StrCat("the import of ", dataset.name.ToString(), " ended ", domain::kCrashLimit,
                   " times without a result; last: ",
                   end.error.has_value() ? end.error->message : "the server was killed");
  return error;
}

void TakeResults(const ImportEnd& end, Dataset& dataset) {
  if (!end.schema.empty()) dataset.schema = end.schema;
  dataset.profile = end.profile;
  dataset.table_sha256 = end.table_sha256;
  dataset.table_size_bytes = end.table_size_bytes;
  dataset.rows = end.rows;
  dataset.columns = end.columns;
}

}  // namespace

absl::Status EndImport(DatasetRow& row, const ImportEnd& end, absl::Time now) {
  Dataset& dataset = row.dataset;
  switch (end.outcome) {
    case ImportEnd::Outcome::kSucceeded:
      TakeResults(end, dataset);
      return MoveDataset(row, DatasetState::kActive, now);
    case ImportEnd::Outcome::kFailed:
      dataset.error = end.error.value_or(domain::Error{});
      return MoveDataset(row, DatasetState::kFailed, now);
    case ImportEnd::Outcome::kCrashed:
      if (++dataset.crashes < domain::kCrashLimit) break;
      dataset.error = ImportCrashLoop(dataset, end);
      return MoveDataset(row, DatasetState::kFailed, now);
    case ImportEnd::Outcome::kInterrupted:
      break;
  }
  dataset.import_running = false;
  return absl::OkStatus();
}

absl::StatusOr<Dataset> SqliteStore::BeginImport(const DatasetName& name) {
  return Write<Dataset>(name.ToString(), [&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    if (row.dataset.state != DatasetState::kUploading) {
      return WrongState(row.dataset, reason::kUploadNotOpen, "UPLOADING");
    }
    RETURN_IF_ERROR(RequireComplete(row.dataset));
    RETURN_IF_ERROR(MoveDataset(row, DatasetState::kImporting, Now()));
    RETURN_IF_ERROR(UpdateDataset(database, row, Now()));
    return std::move(row.dataset);
  });
}

absl::StatusOr<Dataset> SqliteStore::FailDataset(const DatasetName& name,
                                                 const domain::Error& error) {
  return Write<Dataset>(name.ToString(), [&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    if (!domain::CanTransition(row.dataset.state, DatasetState::kFailed)) {
      return WrongState(row.dataset, reason::kUploadNotOpen, "UPLOADING or IMPORTING");
    }
    RETURN_IF_ERROR(MoveDataset(row, DatasetState::kFailed, Now()));
    row.dataset.error = error;
    RETURN_IF_ERROR(UpdateDataset(database, row, Now()));
    return std::move(row.dataset);
  });
}

absl::StatusOr<Dataset> SqliteStore::ClaimForImport(const DatasetName& name) {
  return Write<Dataset>(name.ToString(), [&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    if (row.dataset.state != DatasetState::kImporting || row.dataset.import_running) {
      return WrongState(row.dataset, reason::kDatasetNotReady, "IMPORTING without a worker");
    }
    ++row.dataset.attempt;
    row.dataset.import_running = true;
    RETURN_IF_ERROR(UpdateDataset(database, row, Now()));
    return std::move(row.dataset);
  });
}

absl::StatusOr<Dataset> SqliteStore::FinishImport(const DatasetName& name, int32_t attempt,
                                                  const ImportEnd& end) {
  return Write<Dataset>(name.ToString(), [&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    RETURN_IF_ERROR(RequireOwned(row.dataset, attempt));
    RETURN_IF_ERROR(EndImport(row, end, Now()));
    RETURN_IF_ERROR(UpdateDataset(database, row, Now()));
    return std::move(row.dataset);
  });
}

absl::StatusOr<Dataset> SqliteStore::ActivateFrom(const DatasetName& name,
                                                  const DatasetName& source) {
  return Write<Dataset>(name.ToString(), [&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    ASSIGN_OR_RETURN(const DatasetRow from, LoadDataset(database, source));
    if (row.dataset.state != DatasetState::kUploading) {
      return WrongState(row.dataset, reason::kUploadNotOpen, "UPLOADING");
    }
    const bool same = from.dataset.state == DatasetState::kActive && source.tenant == name.tenant &&
                      !row.dataset.content_sha256.empty() &&
                      from.dataset.content_sha256 == row.dataset.content_sha256;
    if (!same) {
      return WrongState(from.dataset, reason::kDatasetNotReady, "ACTIVE with the same content");
    }
    ImportEnd end;
    end.outcome = ImportEnd::Outcome::kSucceeded;
    end.schema = from.dataset.schema;
    end.profile = from.dataset.profile;
    end.table_sha256 = from.dataset.table_sha256;
    end.table_size_bytes = from.dataset.table_size_bytes;
    end.rows = from.dataset.rows;
    end.columns = from.dataset.columns;
    RETURN_IF_ERROR(MoveDataset(row, DatasetState::kImporting, Now()));
    RETURN_IF_ERROR(EndImport(row, end, Now()));
    RETURN_IF_ERROR(UpdateDataset(database, row, Now()));
    return std::move(row.dataset);
  });
}

absl::StatusOr<std::vector<Dataset>> SqliteStore::ListImportingDatasets() {
  using Datasets = std::vector<Dataset>;
  return Read<Datasets>([&](Database& database) -> absl::StatusOr<Datasets> {
    ASSIGN_OR_RETURN(Statement s,
                     database.Prepare(SelectDatasets() + " WHERE state = ?1 ORDER BY id"));
    s.Bind(1, static_cast<int64_t>(DatasetState::kImporting));
    return ReadDatasets(database, s);
  });
}

absl::StatusOr<std::vector<Dataset>> SqliteStore::ListUploadingDatasets() {
  using Datasets = std::vector<Dataset>;
  return Read<Datasets>([&](Database& database) -> absl::StatusOr<Datasets> {
    ASSIGN_OR_RETURN(Statement s,
                     database.Prepare(SelectDatasets() + " WHERE state = ?1 ORDER BY id"));
    s.Bind(1, static_cast<int64_t>(DatasetState::kUploading));
    return ReadDatasets(database, s);
  });
}

absl::StatusOr<Dataset> SqliteStore::FindActiveByContent(const std::string& tenant,
                                                         const std::string& content_sha256) {
  return Read<Dataset>([&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(Statement s, database.Prepare(SelectDatasets() +
                                                   " WHERE tenant = ?1 AND "
                                                   "content_sha256 = ?2 AND content_sha256 <> "
                                                   "'' AND state = ?3 ORDER BY id LIMIT 1"));
    s.Bind(1, tenant);
    s.Bind(2, content_sha256);
    s.Bind(3, static_cast<int64_t>(DatasetState::kActive));
    ASSIGN_OR_RETURN(std::vector<Dataset> found, ReadDatasets(database, s));
    if (found.empty()) {
      return domain::MakeError(absl::StatusCode::kNotFound, reason::kDatasetNotFound,
                               "there is no dataset with this content");
    }
    return std::move(found.front());
  });
}

}  // namespace winnow::store
