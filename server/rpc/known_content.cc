#include "server/rpc/known_content.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/rpc/convert.h"

namespace winnow::rpc {
namespace {

// Hard links: the table is immutable, so two datasets may share its blocks. False when the file
// system refuses; the bytes are then imported again.
bool LinkTable(const Deps& deps, const domain::DatasetName& from, const domain::DatasetName& to) {
  const std::string target = deps.layout->TableDir(to);
  std::error_code error;
  std::filesystem::remove_all(target, error);
  std::filesystem::create_directories(deps.layout->DatasetDir(to), error);
  std::filesystem::copy(
      deps.layout->TableDir(from), target,
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::create_hard_links,
      error);
  if (!error) return deps.files->SyncDirectory(deps.layout->DatasetDir(to)).ok();
  server::LogWarning("a table cannot be shared; it is imported again",
                     {{"dataset", to.ToString()}, {"error", error.message()}});
  std::filesystem::remove_all(target, error);
  return false;
}

}  // namespace

std::string ContentHash(const v1::DatasetSchema& schema,
                        const std::vector<domain::DatasetFile>& files) {
  std::string content = SerializeStable(schema);
  const std::string schema_size = absl::StrCat(content.size());
  content = schema_size + "\n" + content;
  for (const domain::DatasetFile& file : files) {
    if (!file.local_path.empty()) return "";
    absl::StrAppend(&content, file.file_name, "\n", file.role, "\n", file.size_bytes, "\n",
                    file.sha256, "\n");
  }
  return server::Sha256Hex(content);
}

absl::StatusOr<bool> TakeKnownContent(const Deps& deps, absl::Mutex& mutex,
                                      const domain::DatasetName& name) {
  absl::MutexLock lock(&mutex);
  ASSIGN_OR_RETURN(const domain::Dataset dataset, deps.store->GetDataset(name));
  if (dataset.content_sha256.empty() || dataset.state != domain::DatasetState::kUploading) {
    return false;
  }
  const absl::StatusOr<domain::Dataset> known =
      deps.store->FindActiveByContent(name.tenant, dataset.content_sha256);
  if (absl::IsNotFound(known.status())) return false;
  RETURN_IF_ERROR(known.status());
  if (!LinkTable(deps, known->name, name)) return false;
  if (!deps.store->ActivateFrom(name, known->name).ok()) {
    // One of the two went away, or changed, while the files were linked.
    RETURN_IF_ERROR(deps.files->RemoveAll(deps.layout->TableDir(name)));
    return false;
  }
  RETURN_IF_ERROR(deps.files->RemoveAll(deps.layout->UploadDir(name)));
  return true;
}

}  // namespace winnow::rpc
