#include "server/store/dataset_rows.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/json_text.h"

namespace winnow::store {
namespace {

using domain::Dataset;
using domain::DatasetFile;
using domain::DatasetState;

// In the order of ReadDatasetRow. INSERT binds them all but the id, which AUTOINCREMENT gives.
constexpr char kColumns[] =
    "id, tenant, dataset, state, schema, content_sha256, labels, attempt, import_running, crashes, "
    "error, profile, table_sha256, table_size_bytes, row_count, column_count, revision, create_us, "
    "update_us, active_us";

absl::Status BadRow(const char* column) {
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat("store: a dataset's ", column, " cannot be read"));
}

std::optional<std::string> MaybeError(const std::optional<domain::Error>& error) {
  if (!error.has_value()) return std::nullopt;
  return domain::EncodeError(*error);
}

absl::StatusOr<std::vector<DatasetFile>> LoadFiles(Database& database, int64_t dataset_id) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT file_name, role, size_bytes, sha256, local_path, "
                                    "committed_size_bytes, complete FROM dataset_file "
                                    "WHERE dataset_id = ?1 ORDER BY file_index"));
  s.Bind(1, dataset_id);
  std::vector<DatasetFile> files;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return files;
    DatasetFile file;
    file.file_name = s.Text(0);
    file.role = s.Text(1);
    file.size_bytes = s.Integer(2);
    file.sha256 = s.Text(3);
    file.local_path = s.Text(4);
    file.committed_size_bytes = s.Integer(5);
    file.complete = s.Integer(6) != 0;
    files.push_back(std::move(file));
  }
}

absl::Status InsertFile(Database& database, int64_t dataset_id, int64_t file_index,
                        const DatasetFile& file) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("INSERT INTO dataset_file (dataset_id, file_index, file_name, "
                                    "role, size_bytes, sha256, local_path, committed_size_bytes, "
                                    "complete) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  s.Bind(1, dataset_id);
  s.Bind(2, file_index);
  s.Bind(3, file.file_name);
  s.Bind(4, file.role);
  s.Bind(5, file.size_bytes);
  s.Bind(6, file.sha256);
  s.Bind(7, file.local_path);
  s.Bind(8, file.committed_size_bytes);
  s.Bind(9, int64_t{file.complete});
  return s.Run();
}

}  // namespace

std::string SelectDatasets() { return absl::StrCat("SELECT ", kColumns, " FROM dataset"); }

absl::StatusOr<DatasetRow> ReadDatasetRow(Database& database, const Statement& s) {
  DatasetRow row;
  Dataset& dataset = row.dataset;
  int column = 0;
  const auto integer = [&] { return s.Integer(column++); };
  const auto small = [&] { return static_cast<int32_t>(s.Integer(column++)); };
  const auto text = [&] { return s.Text(column++); };
  const auto time = [&] { return s.Time(column++); };
  dataset.order = integer();
  dataset.name.tenant = text();
  dataset.name.dataset = text();
  dataset.state = static_cast<DatasetState>(integer());
  dataset.schema = text();
  dataset.content_sha256 = text();
  if (!domain::DecodeTextMap(text(), &dataset.labels)) return BadRow("labels");
  dataset.attempt = small();
  dataset.import_running = integer() != 0;
  dataset.crashes = small();
  const std::optional<std::string> error = s.MaybeText(column++);
  if (error.has_value()) {
    dataset.error.emplace();
    if (!domain::DecodeError(*error, &*dataset.error).ok()) return BadRow("error");
  }
  dataset.profile = text();
  dataset.table_sha256 = text();
  dataset.table_size_bytes = integer();
  dataset.rows = integer();
  dataset.columns = small();
  dataset.revision = integer();
  dataset.create_time = time();
  dataset.update_time = time();
  dataset.active_time = s.MaybeTime(column++);
  ASSIGN_OR_RETURN(dataset.files, LoadFiles(database, dataset.order));
  return row;
}

absl::StatusOr<std::vector<Dataset>> ReadDatasets(Database& database, Statement& statement) {
  std::vector<Dataset> datasets;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return datasets;
    ASSIGN_OR_RETURN(DatasetRow row, ReadDatasetRow(database, statement));
    datasets.push_back(std::move(row.dataset));
  }
}

absl::StatusOr<DatasetRow> LoadDataset(Database& database, const domain::DatasetName& name) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare(SelectDatasets() + " WHERE tenant = ?1 AND dataset = ?2"));
  s.Bind(1, name.tenant);
  s.Bind(2, name.dataset);
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return domain::DatasetNotFound(name.ToString());
  return ReadDatasetRow(database, s);
}

absl::Status InsertDataset(Database& database, DatasetRow& row) {
  std::string marks = "NULL";
  for (int i = 1; i <= 19; ++i) absl::StrAppend(&marks, ", ?", i);
  ASSIGN_OR_RETURN(Statement s, database.Prepare(absl::StrCat("INSERT INTO dataset (", kColumns,
                                                              ") VALUES (", marks, ")")));
  const Dataset& dataset = row.dataset;
  int i = 1;
  s.Bind(i++, dataset.name.tenant);
  s.Bind(i++, dataset.name.dataset);
  s.Bind(i++, static_cast<int64_t>(dataset.state));
  s.BindBlob(i++, dataset.schema);
  s.Bind(i++, dataset.content_sha256);
  s.Bind(i++, domain::EncodeTextMap(dataset.labels));
  s.Bind(i++, int64_t{dataset.attempt});
  s.Bind(i++, int64_t{dataset.import_running});
  s.Bind(i++, int64_t{dataset.crashes});
  s.Bind(i++, MaybeError(dataset.error));
  s.BindBlob(i++, dataset.profile);
  s.Bind(i++, dataset.table_sha256);
  s.Bind(i++, dataset.table_size_bytes);
  s.Bind(i++, dataset.rows);
  s.Bind(i++, int64_t{dataset.columns});
  s.Bind(i++, dataset.revision);
  s.Bind(i++, dataset.create_time);
  s.Bind(i++, dataset.update_time);
  s.Bind(i++, dataset.active_time);
  RETURN_IF_ERROR(s.Run());
  row.dataset.order = database.last_insert_id();
  for (size_t file = 0; file < dataset.files.size(); ++file) {
    RETURN_IF_ERROR(
        InsertFile(database, dataset.order, static_cast<int64_t>(file), dataset.files[file]));
  }
  return absl::OkStatus();
}

absl::Status UpdateDataset(Database& database, DatasetRow& row, absl::Time now) {
  Dataset& dataset = row.dataset;
  ++dataset.revision;
  dataset.update_time = now;
  ASSIGN_OR_RETURN(
      Statement s,
      database.Prepare("UPDATE dataset SET state = ?2, schema = ?3, attempt = ?4, "
                       "import_running = ?5, crashes = ?6, error = ?7, profile = ?8, "
                       "table_sha256 = ?9, table_size_bytes = ?10, row_count = ?11, "
                       "column_count = ?12, revision = ?13, update_us = ?14, active_us = ?15 "
                       "WHERE id = ?1"));
  s.Bind(1, dataset.order);
  s.Bind(2, static_cast<int64_t>(dataset.state));
  s.BindBlob(3, dataset.schema);
  s.Bind(4, int64_t{dataset.attempt});
  s.Bind(5, int64_t{dataset.import_running});
  s.Bind(6, int64_t{dataset.crashes});
  s.Bind(7, MaybeError(dataset.error));
  s.BindBlob(8, dataset.profile);
  s.Bind(9, dataset.table_sha256);
  s.Bind(10, dataset.table_size_bytes);
  s.Bind(11, dataset.rows);
  s.Bind(12, int64_t{dataset.columns});
  s.Bind(13, dataset.revision);
  s.Bind(14, dataset.update_time);
  s.Bind(15, dataset.active_time);
  return s.Run();
}

absl::Status UpdateFile(Database& database, const DatasetRow& row, int file_index) {
  const DatasetFile& file = row.dataset.files[static_cast<size_t>(file_index)];
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("UPDATE dataset_file SET committed_size_bytes = ?3, "
                                    "complete = ?4, sha256 = ?5 "
                                    "WHERE dataset_id = ?1 AND file_index = ?2"));
  s.Bind(1, row.dataset.order);
  s.Bind(2, int64_t{file_index});
  s.Bind(3, file.committed_size_bytes);
  s.Bind(4, int64_t{file.complete});
  s.Bind(5, file.sha256);
  return s.Run();
}

absl::Status MoveDataset(DatasetRow& row, DatasetState to, absl::Time now) {
  Dataset& dataset = row.dataset;
  if (!domain::CanTransition(dataset.state, to)) {
    return absl::InternalError(absl::StrCat("store: ", dataset.name.ToString(), " cannot go from ",
                                            domain::DatasetStateName(dataset.state), " to ",
                                            domain::DatasetStateName(to)));
  }
  dataset.state = to;
  dataset.import_running = false;
  if (to == DatasetState::kActive) dataset.active_time = now;
  return absl::OkStatus();
}

}  // namespace winnow::store
