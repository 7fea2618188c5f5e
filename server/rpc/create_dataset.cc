#include "server/rpc/create_dataset.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/known_content.h"
#include "server/rpc/text.h"
#include "server/rpc/upload.h"

namespace winnow::rpc {
namespace {

constexpr int kMaxFiles = 1024;
constexpr size_t kMaxFileNameBytes = 255;  // NAME_MAX

bool IsFileName(const std::string& name) {
  if (name.empty() || name.size() > kMaxFileNameBytes || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

void CheckUploaded(const v1::DatasetFile& from, const std::string& path, Violations* violations) {
  if (from.size_bytes() < 1) {
    violations->push_back(
        {path + ".size_bytes",
         absl::StrCat("must be >= 1, got ", from.size_bytes(),
                      from.size_bytes() == 0 ? ": an empty file holds no table" : "")});
  }
  if (!server::IsSha256Hex(from.sha256())) {
    violations->push_back({path + ".sha256", "must be 64 lower-case hexadecimal digits"});
  }
}

void CheckLocal(const AllowedRoots& roots, const std::string& path, domain::DatasetFile* file,
                Violations* violations) {
  const absl::StatusOr<LocalFile> local = roots.Resolve(file->local_path);
  if (!local.ok()) {
    violations->push_back({path + ".local_path", std::string(local.status().message())});
    return;
  }
  file->local_path = local->path;
  file->size_bytes = local->size_bytes;
  if (local->size_bytes == 0) {
    violations->push_back({path + ".local_path", "is empty: an empty file holds no table"});
  }
}

absl::StatusOr<store::NewDataset> Check(const AllowedRoots& roots, const std::string& tenant,
                                        const v1::CreateDatasetRequest& request) {
  Violations violations;
  CheckOptionalId("dataset_id", request.dataset_id(), &violations);
  CheckRequestId(request.request_id(), &violations);
  CheckLabels("labels", request.dataset().labels(), &violations);
  store::NewDataset dataset;
  dataset.files = CheckFiles(roots, request.dataset().files(), &violations);
  if (!violations.empty()) return domain::InvalidFields(std::move(violations));
  dataset.name = {tenant, request.dataset_id()};
  internal::v1::DatasetRecord record;
  *record.mutable_schema() = request.dataset().schema();
  dataset.schema = SerializeStable(record);
  dataset.content_sha256 = ContentHash(record.schema(), dataset.files);
  dataset.labels = {request.dataset().labels().begin(), request.dataset().labels().end()};
  return dataset;
}

// "d" where jobs have "j".
std::string NewDatasetId(const Deps& deps) {
  std::string id = deps.ids->NewJobId();
  id[0] = 'd';
  return id;
}

int64_t BytesToUpload(const std::vector<domain::DatasetFile>& files) {
  int64_t bytes = 0;
  for (const domain::DatasetFile& file : files) {
    if (file.local_path.empty()) bytes += file.size_bytes;
  }
  return bytes;
}

absl::StatusOr<v1::Dataset> Preview(const store::NewDataset& made) {
  domain::Dataset dataset;
  dataset.files = made.files;
  dataset.schema = made.schema;
  dataset.labels = made.labels;
  ASSIGN_OR_RETURN(v1::Dataset preview, DatasetToProto(dataset, View::kFull, std::nullopt));
  preview.clear_name();
  preview.clear_state();
  preview.clear_create_time();
  preview.clear_etag();
  return preview;
}

}  // namespace

std::vector<domain::DatasetFile> CheckFiles(
    const AllowedRoots& roots, const google::protobuf::RepeatedPtrField<v1::DatasetFile>& files,
    Violations* violations) {
  std::vector<domain::DatasetFile> checked;
  if (files.size() > kMaxFiles) {
    violations->push_back(
        {"files", absl::StrCat("must have at most ", kMaxFiles, " entries, got ", files.size())});
    return checked;
  }
  std::set<std::string> names;
  bool has_train = false;
  for (int i = 0; i < files.size(); ++i) {
    const v1::DatasetFile& from = files[i];
    const std::string path = absl::StrCat("files[", i, "]");
    domain::DatasetFile file;
    file.local_path = from.local_path();
    file.file_name = from.filename().empty() && !file.local_path.empty()
                         ? file.local_path.substr(file.local_path.rfind('/') + 1)
                         : from.filename();
    file.role = RoleText(from.role());
    file.size_bytes = from.size_bytes();
    file.sha256 = from.local_path().empty() ? from.sha256() : "";
    has_train = has_train || RoleFromText(file.role) == v1::DatasetFile::ROLE_TRAIN;
    if (!v1::DatasetFile::Role_IsValid(from.role())) {
      violations->push_back({path + ".role", absl::StrCat("is not known: ", from.role())});
    }
    if (!IsFileName(file.file_name)) {
      violations->push_back(
          {path + ".filename",
           absl::StrCat("must be a name without folders of 1 to ", kMaxFileNameBytes,
                        " bytes, got \"", Shorten(file.file_name, 60), "\"")});
    } else if (!names.insert(file.file_name).second) {
      violations->push_back(
          {path + ".filename", absl::StrCat("is used twice: ", Shorten(file.file_name, 60))});
    }
    if (file.local_path.empty()) {
      CheckUploaded(from, path, violations);
    } else {
      CheckLocal(roots, path, &file, violations);
    }
    checked.push_back(std::move(file));
  }
  if (!has_train) violations->push_back({"files", "must have at least one file in the role TRAIN"});
  return checked;
}

absl::StatusOr<CreateDatasetAnswer> CreateDataset(const Deps& deps, const AllowedRoots& roots,
                                                  const Caller& caller,
                                                  const v1::CreateDatasetRequest& request) {
  ASSIGN_OR_RETURN(const std::string tenant, ResolveParent(caller, request.parent()));
  CreateDatasetAnswer answer;
  const store::RequestKey key = KeyOf(request);
  store::Created<domain::Dataset> created;
  absl::StatusOr<domain::Dataset> earlier = domain::DatasetNotFound("");
  if (!key.request_id.empty()) earlier = deps.store->FindDatasetByRequest(tenant, key);
  if (earlier.ok()) {
    created = {*std::move(earlier), true};
  } else if (!absl::IsNotFound(earlier.status())) {
    return earlier.status();
  } else {
    ASSIGN_OR_RETURN(store::NewDataset dataset, Check(roots, tenant, request));
    RETURN_IF_ERROR(deps.scheduler->CheckUpload(tenant, BytesToUpload(dataset.files)));
    if (request.validate_only()) {
      ASSIGN_OR_RETURN(answer.dataset, Preview(dataset));
      return answer;
    }
    if (dataset.name.dataset.empty()) dataset.name.dataset = NewDatasetId(deps);
    ASSIGN_OR_RETURN(created, deps.store->CreateDataset(dataset, key));
  }
  answer.replayed = created.replayed;
  // Also for a retry whose first call ended between the two steps.
  if (created.resource.state == domain::DatasetState::kUploading && HasAllFiles(created.resource)) {
    ASSIGN_OR_RETURN(created.resource, deps.scheduler->StartImport(created.resource.name));
  }
  ASSIGN_OR_RETURN(answer.dataset, DatasetToProto(created.resource, View::kFull, std::nullopt));
  return answer;
}

}  // namespace winnow::rpc
