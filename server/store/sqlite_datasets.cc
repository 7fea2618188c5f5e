// Creating, reading, listing, uploading and deleting datasets.
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/domain/error.h"
#include "server/domain/job_state.h"
#include "server/store/dataset_rows.h"
#include "server/store/listing.h"
#include "server/store/requests.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::Dataset;
using domain::DatasetFile;
using domain::DatasetName;
using domain::DatasetState;
namespace reason = domain::reason;

absl::StatusOr<Dataset> LoadDatasetByRow(Database& database, int64_t id) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare(SelectDatasets() + " WHERE id = ?1"));
  s.Bind(1, id);
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return absl::InternalError(absl::StrCat("store: there is no dataset row ", id));
  ASSIGN_OR_RETURN(DatasetRow row, ReadDatasetRow(database, s));
  return std::move(row.dataset);
}

absl::StatusOr<Created<Dataset>> CreateDatasetRow(Database& database, const NewDataset& dataset,
                                                  const RequestKey& request, absl::Time now) {
  constexpr auto kMethod = RequestMethod::kCreateDataset;
  ASSIGN_OR_RETURN(const std::optional<int64_t> earlier,
                   FindRequest(database, dataset.name.tenant, kMethod, request));
  if (earlier.has_value()) {
    ASSIGN_OR_RETURN(Dataset found, LoadDatasetByRow(database, *earlier));
    return Created<Dataset>{std::move(found), true};
  }
  const std::string name = dataset.name.ToString();
  const absl::Status absent = LoadDataset(database, dataset.name).status();
  if (absent.ok()) {
    return domain::MakeError(absl::StatusCode::kAlreadyExists, reason::kDatasetExists,
                             absl::StrCat("dataset ", name, " exists already"), name);
  }
  if (!absl::IsNotFound(absent)) return absent;
  DatasetRow row;
  row.dataset.name = dataset.name;
  row.dataset.files = dataset.files;
  for (DatasetFile& file : row.dataset.files) {
    file.committed_size_bytes = 0;
    file.complete = !file.local_path.empty();
  }
  row.dataset.schema = dataset.schema;
  row.dataset.content_sha256 = dataset.content_sha256;
  row.dataset.labels = dataset.labels;
  row.dataset.create_time = row.dataset.update_time = now;
  RETURN_IF_ERROR(InsertDataset(database, row));
  RETURN_IF_ERROR(
      InsertRequest(database, dataset.name.tenant, kMethod, request, row.dataset.order));
  return Created<Dataset>{std::move(row.dataset), false};
}

// The first job that still needs the dataset, if any.
absl::StatusOr<std::optional<std::string>> FindUser(Database& database, const DatasetName& name) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT job FROM job WHERE tenant = ?1 AND "
                                                 "dataset = ?2 AND state IN (?3, ?4, ?5, ?6)"));
  s.Bind(1, name.tenant);
  s.Bind(2, name.dataset);
  s.Bind(3, static_cast<int64_t>(domain::JobState::kPending));
  s.Bind(4, static_cast<int64_t>(domain::JobState::kRunning));
  s.Bind(5, static_cast<int64_t>(domain::JobState::kPaused));
  s.Bind(6, static_cast<int64_t>(domain::JobState::kCancelling));
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return std::nullopt;
  return s.Text(0);
}

absl::StatusOr<bool> DeleteDatasetRow(Database& database, const DatasetName& name) {
  ASSIGN_OR_RETURN(const DatasetRow row, LoadDataset(database, name));
  ASSIGN_OR_RETURN(const std::optional<std::string> user, FindUser(database, name));
  if (user.has_value()) {
    return domain::MakeError(absl::StatusCode::kFailedPrecondition, reason::kDatasetInUse,
                             absl::StrCat("dataset ", name.ToString(), " is used by job ", *user,
                                          ", which is not finished"),
                             name.ToString());
  }
  ASSIGN_OR_RETURN(Statement s, database.Prepare("DELETE FROM dataset WHERE id = ?1"));
  s.Bind(1, row.dataset.order);
  RETURN_IF_ERROR(s.Run());
  return true;
}

absl::StatusOr<DatasetRow> LoadForUpload(Database& database, const DatasetName& name,
                                         int file_index) {
  ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
  const std::vector<DatasetFile>& files = row.dataset.files;
  if (file_index < 0 || file_index >= static_cast<int>(files.size())) {
    return domain::InvalidFields(
        {{"file_index", absl::StrCat("must be 0 to ", files.size() - 1, ", got ", file_index)}});
  }
  const DatasetFile& file = files[static_cast<size_t>(file_index)];
  if (row.dataset.state == DatasetState::kUploading && file.local_path.empty()) return row;
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, reason::kUploadNotOpen,
      absl::StrCat("file ", file_index, " of dataset ", name.ToString(),
                   " takes no bytes: the dataset is ", domain::DatasetStateName(row.dataset.state),
                   file.local_path.empty() ? "" : " and the file is read where it lies"),
      name.ToString());
}

absl::Status WrongOffset(const DatasetName& name, const DatasetFile& file, int64_t got) {
  domain::Error error;
  error.code = absl::StatusCode::kOutOfRange;
  error.reason = reason::kWrongOffset;
  error.subject = name.ToString();
  error.message = absl::StrCat("upload of ", name.ToString(), ", file ", file.file_name, ": size ",
                               got, " is not between the committed ", file.committed_size_bytes,
                               " and the declared ", file.size_bytes);
  error.metadata["committedSizeBytes"] = absl::StrCat(file.committed_size_bytes);
  return domain::ToStatus(error);
}

}  // namespace

absl::StatusOr<Created<Dataset>> SqliteStore::CreateDataset(const NewDataset& dataset,
                                                            const RequestKey& request) {
  if (dataset.files.empty()) {
    return domain::InvalidFields({{"files", "must have at least one entry"}});
  }
  return Write<Created<Dataset>>(dataset.name.ToString(), [&](Database& database) {
    return CreateDatasetRow(database, dataset, request, Now());
  });
}

absl::StatusOr<Dataset> SqliteStore::GetDataset(const DatasetName& name) {
  return Read<Dataset>([&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(DatasetRow row, LoadDataset(database, name));
    return std::move(row.dataset);
  });
}

absl::StatusOr<Dataset> SqliteStore::FindDatasetByRequest(const std::string& tenant,
                                                          const RequestKey& request) {
  return Read<Dataset>([&](Database& database) -> absl::StatusOr<Dataset> {
    ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                     FindRequest(database, tenant, RequestMethod::kCreateDataset, request));
    if (id.has_value()) return LoadDatasetByRow(database, *id);
    return domain::MakeError(absl::StatusCode::kNotFound, reason::kDatasetNotFound,
                             absl::StrCat("no dataset was made by request ", request.request_id));
  });
}

absl::StatusOr<Page<Dataset>> SqliteStore::ListDatasets(const std::string& tenant,
                                                        const domain::Filter& filter,
                                                        const PageRequest& page) {
  const std::string scope = ListingScope("datasets", tenant, filter);
  ASSIGN_OR_RETURN(const int32_t size, PageSize(page));
  ASSIGN_OR_RETURN(const int64_t below, ParsePageToken(page.page_token, scope));
  constexpr auto kTarget = domain::FilterTarget::kDatasets;
  return Read<Page<Dataset>>([&](Database& database) -> absl::StatusOr<Page<Dataset>> {
    ASSIGN_OR_RETURN(Statement s,
                     database.PrepareOnce(absl::StrCat(
                         SelectDatasets(), " WHERE tenant = ?1 AND id < ?2",
                         FilterSql(filter, kTarget, 4), " ORDER BY id DESC LIMIT ?3")));
    s.Bind(1, tenant);
    s.Bind(2, below);
    s.Bind(3, int64_t{size} + 1);
    BindFilter(filter, kTarget, 4, s);
    Page<Dataset> result;
    ASSIGN_OR_RETURN(result.items, ReadDatasets(database, s));
    if (static_cast<int32_t>(result.items.size()) > size) {
      result.items.pop_back();
      result.next_page_token = MakePageToken(result.items.back().order, scope);
    }
    return result;
  });
}

absl::Status SqliteStore::DeleteDataset(const DatasetName& name) {
  return Write<bool>(name.ToString(),
                     [&](Database& database) { return DeleteDatasetRow(database, name); })
      .status();
}

absl::Status SqliteStore::CommitUpload(const DatasetName& name, int file_index,
                                       int64_t size_bytes) {
  return Write<bool>(name.ToString(),
                     [&](Database& database) -> absl::StatusOr<bool> {
                       ASSIGN_OR_RETURN(DatasetRow row, LoadForUpload(database, name, file_index));
                       DatasetFile& file = row.dataset.files[static_cast<size_t>(file_index)];
                       if (size_bytes < file.committed_size_bytes || size_bytes > file.size_bytes) {
                         return WrongOffset(name, file, size_bytes);
                       }
                       file.committed_size_bytes = size_bytes;
                       RETURN_IF_ERROR(UpdateFile(database, row, file_index));
                       return true;
                     })
      .status();
}

absl::Status SqliteStore::CompleteUpload(const DatasetName& name, int file_index,
                                         const std::string& sha256) {
  return Write<bool>(name.ToString(),
                     [&](Database& database) -> absl::StatusOr<bool> {
                       ASSIGN_OR_RETURN(DatasetRow row, LoadForUpload(database, name, file_index));
                       DatasetFile& file = row.dataset.files[static_cast<size_t>(file_index)];
                       if (file.committed_size_bytes != file.size_bytes) {
                         return WrongOffset(name, file, file.committed_size_bytes);
                       }
                       file.complete = true;
                       file.sha256 = sha256;
                       RETURN_IF_ERROR(UpdateFile(database, row, file_index));
                       return true;
                     })
      .status();
}

absl::StatusOr<int64_t> SqliteStore::StoredBytes(const std::string& tenant) {
  return Read<int64_t>([&](Database& database) -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(
        Statement s,
        database.Prepare(
            "SELECT coalesce((SELECT sum(table_size_bytes) FROM dataset WHERE tenant = ?1), 0) + "
            "coalesce((SELECT sum(f.size_bytes) FROM dataset_file f JOIN dataset d "
            "ON d.id = f.dataset_id WHERE d.tenant = ?1 AND d.state IN (?2, ?3) "
            "AND f.local_path = ''), 0)"));
    s.Bind(1, tenant);
    s.Bind(2, static_cast<int64_t>(DatasetState::kUploading));
    s.Bind(3, static_cast<int64_t>(DatasetState::kImporting));
    RETURN_IF_ERROR(s.Run());
    return s.Integer(0);
  });
}

absl::StatusOr<int64_t> SqliteStore::CountOpenUploads(const std::string& tenant) {
  return Read<int64_t>([&](Database& database) -> absl::StatusOr<int64_t> {
    ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT count(*) FROM dataset "
                                                   "WHERE tenant = ?1 AND state = ?2"));
    s.Bind(1, tenant);
    s.Bind(2, static_cast<int64_t>(DatasetState::kUploading));
    RETURN_IF_ERROR(s.Run());
    return s.Integer(0);
  });
}

}  // namespace winnow::store
