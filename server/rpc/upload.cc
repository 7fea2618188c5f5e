#include "server/rpc/upload.h"

#include "absl/strings/str_cat.h"
#include "server/base/crc32c.h"
#include "server/base/failpoints.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/known_content.h"

namespace winnow::rpc {
namespace {

namespace reason = domain::reason;
using domain::Dataset;
using domain::DatasetFile;
using domain::DatasetName;
using domain::DatasetState;

constexpr size_t kRehashBytes = size_t{1} << 20;

absl::Status NotOpen(const Dataset& dataset, const std::string& why) {
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, reason::kUploadNotOpen,
      absl::StrCat("dataset ", dataset.name.ToString(), " takes no bytes: ", why),
      dataset.name.ToString());
}

absl::Status CheckOpen(const Dataset& dataset, int file_index) {
  const int files = static_cast<int>(dataset.files.size());
  if (file_index < 0 || file_index >= files) {
    return domain::InvalidFields(
        {{"file_index", absl::StrCat("must be 0 to ", files - 1, ", got ", file_index)}});
  }
  const DatasetFile& file = dataset.files[static_cast<size_t>(file_index)];
  if (!file.local_path.empty()) {
    return NotOpen(dataset, absl::StrCat("file ", file.file_name, " is read where it lies"));
  }
  if (file.complete || dataset.state == DatasetState::kUploading) return absl::OkStatus();
  return NotOpen(dataset, absl::StrCat("it is ", domain::DatasetStateName(dataset.state)));
}

// Cuts the part file to the committed size; makes it when nothing is committed. A file that is
// shorter has lost bytes that were durable.
absl::Status CutToCommitted(const Deps& deps, const DatasetName& name, int index,
                            const DatasetFile& file) {
  const std::string path = deps.layout->UploadFile(name, index);
  if (file.committed_size_bytes == 0) {
    RETURN_IF_ERROR(deps.files->CreateDirectories(deps.layout->UploadDir(name)));
    RETURN_IF_ERROR(deps.files->OpenWritable(path, server::OpenMode::kTruncate).status());
    return deps.files->SyncDirectory(deps.layout->UploadDir(name));
  }
  const absl::StatusOr<int64_t> size = deps.files->FileSize(path);
  if (!size.ok() || *size < file.committed_size_bytes) {
    return domain::MakeError(
        absl::StatusCode::kDataLoss, reason::kDataCorrupt,
        absl::StrCat("file ", file.file_name, " of ", name.ToString(), " has ",
                     size.ok() ? absl::StrCat(*size) : "no", " bytes on disk, ",
                     file.committed_size_bytes, " were committed"),
        name.ToString());
  }
  if (*size == file.committed_size_bytes) return absl::OkStatus();
  return deps.files->Truncate(path, file.committed_size_bytes);
}

absl::Status Rehash(const Deps& deps, const std::string& path, int64_t size,
                    server::Sha256* sha256) {
  ASSIGN_OR_RETURN(const auto file, deps.files->OpenReadable(path));
  for (int64_t at = 0; at < size;) {
    ASSIGN_OR_RETURN(const std::string bytes, file->Read(at, kRehashBytes));
    sha256->Update(bytes.data(), bytes.size());
    at += static_cast<int64_t>(bytes.size());
    if (bytes.empty()) return absl::DataLossError(absl::StrCat(path, " became shorter"));
  }
  return absl::OkStatus();
}

// What the disk says, without its paths: a full disk is the server's state, the rest is a fault.
absl::Status DiskError(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return absl::InternalError(status.ToString());
  return domain::MakeError(absl::StatusCode::kResourceExhausted, reason::kDiskLow,
                           "the server's disk is full; what is committed is kept", "disk");
}

}  // namespace

bool HasAllFiles(const Dataset& dataset) {
  for (const DatasetFile& file : dataset.files) {
    if (!file.complete) return false;
  }
  return true;
}

absl::StatusOr<std::unique_ptr<UploadLocks::Lock>> UploadLocks::Acquire(const Key& key) {
  absl::MutexLock lock(&mutex_);
  if (held_.insert(key).second) return std::make_unique<Lock>(this, key);
  return domain::MakeError(absl::StatusCode::kAborted, reason::kUploadBusy,
                           absl::StrCat("file ", key.second, " of ", key.first.ToString(),
                                        " is being uploaded by another call"),
                           key.first.ToString());
}

void UploadLocks::Release(const Key& key) {
  absl::MutexLock lock(&mutex_);
  held_.erase(key);
}

Upload::Upload(const Deps& deps, Dataset dataset, int file_index)
    : deps_(deps), dataset_(std::move(dataset)), index_(file_index) {}

absl::StatusOr<std::unique_ptr<Upload>> Upload::Open(const Deps& deps, UploadLocks& locks,
                                                     const DatasetName& dataset, int file_index,
                                                     int64_t offset) {
  ASSIGN_OR_RETURN(auto lock, locks.Acquire({dataset, file_index}));
  ASSIGN_OR_RETURN(Dataset found, deps.store->GetDataset(dataset));
  RETURN_IF_ERROR(CheckOpen(found, file_index));
  auto upload = std::unique_ptr<Upload>(new Upload(deps, std::move(found), file_index));
  upload->lock_ = std::move(lock);
  ASSIGN_OR_RETURN(const bool known, TakeKnownContent(deps, locks.content_mutex(), dataset));
  if (upload->file().complete || known) {
    upload->complete_ = true;
    upload->committed_ = upload->file().size_bytes;
    return upload;
  }
  upload->written_ = upload->committed_ = upload->file().committed_size_bytes;
  if (offset != upload->committed_) return upload->WrongOffset(offset);
  RETURN_IF_ERROR(upload->OpenPartFile());
  return upload;
}

absl::Status Upload::OpenPartFile() {
  RETURN_IF_ERROR(CutToCommitted(deps_, dataset_.name, index_, file()));
  const std::string path = deps_.layout->UploadFile(dataset_.name, index_);
  RETURN_IF_ERROR(Rehash(deps_, path, committed_, &sha256_));
  ASSIGN_OR_RETURN(part_, deps_.files->OpenWritable(path, server::OpenMode::kAppend));
  return absl::OkStatus();
}

absl::Status Upload::WrongOffset(int64_t offset) const {
  domain::Error error;
  error.code = absl::StatusCode::kOutOfRange;
  error.reason = reason::kWrongOffset;
  error.subject = dataset_.name.ToString();
  error.message = absl::StrCat("file ", file().file_name, " of ", dataset_.name.ToString(),
                               ": write_offset is ", offset, ", ", written_, " was expected (",
                               committed_, " of ", file().size_bytes, " bytes are committed)");
  error.metadata["committedSizeBytes"] = absl::StrCat(committed_);
  return domain::ToStatus(error);
}

absl::Status Upload::Append(int64_t offset, const std::string& data, uint32_t crc32c) {
  const int64_t size = static_cast<int64_t>(data.size());
  if (offset != written_) return WrongOffset(offset);
  if (size == 0) return absl::OkStatus();
  if (size > deps_.limits.max_chunk_bytes) {
    return domain::InvalidFields(
        {{"data",
          absl::StrCat("must have at most ", deps_.limits.max_chunk_bytes, " bytes, got ", size)}});
  }
  if (server::Crc32c(data.data(), data.size()) != crc32c) {
    deps_.telemetry->OnUploadChunkCorrupt();
    return domain::MakeError(
        absl::StatusCode::kAborted, reason::kChunkCorrupt,
        absl::StrCat("the ", size, " bytes at offset ", offset, " of ", file().file_name,
                     " do not have the CRC-32C ", "that came with them"),
        dataset_.name.ToString());
  }
  if (written_ + size > file().size_bytes) return WrongOffset(offset + size);
  const absl::Status appended = part_->Append(data.data(), data.size());
  if (!appended.ok()) return DiskError(appended);
  sha256_.Update(data.data(), data.size());
  written_ += size;
  deps_.telemetry->OnUploadBytes(size);
  if (written_ - committed_ < deps_.limits.upload_commit_bytes) return absl::OkStatus();
  return Commit();
}

absl::Status Upload::Commit() {
  if (complete_ || written_ == committed_) return absl::OkStatus();
  RETURN_IF_ERROR(server::Failpoint("upload.before_sync"));
  const absl::Status synced = part_->Sync();
  if (!synced.ok()) return DiskError(synced);
  RETURN_IF_ERROR(server::Failpoint("upload.after_sync"));
  RETURN_IF_ERROR(deps_.store->CommitUpload(dataset_.name, index_, written_));
  committed_ = written_;
  return absl::OkStatus();
}

absl::Status Upload::Mismatch(const std::string& what, const std::string& got,
                              const std::string& expected) {
  domain::Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = reason::kChecksumMismatch;
  error.subject = dataset_.name.ToString();
  error.message = absl::StrCat("file ", file().file_name, " of ", dataset_.name.ToString(),
                               ": the ", what, " is ", got, ", ", expected, " was declared");
  const absl::Status failed = deps_.store->FailDataset(dataset_.name, error).status();
  if (!failed.ok()) return failed;
  return domain::ToStatus(error);
}

absl::Status Upload::Complete() {
  if (complete_) return absl::OkStatus();
  RETURN_IF_ERROR(Commit());
  if (written_ != file().size_bytes) {
    return Mismatch("size", absl::StrCat(written_), absl::StrCat(file().size_bytes));
  }
  const std::string digest = sha256_.HexDigest();
  if (digest != file().sha256) return Mismatch("SHA-256", digest, file().sha256);
  RETURN_IF_ERROR(deps_.store->CompleteUpload(dataset_.name, index_, digest));
  complete_ = true;
  RETURN_IF_ERROR(server::Failpoint("upload.after_complete"));
  return StartImportWhenAllAreHere();
}

absl::Status Upload::StartImportWhenAllAreHere() {
  ASSIGN_OR_RETURN(const Dataset now, deps_.store->GetDataset(dataset_.name));
  if (now.state != DatasetState::kUploading || !HasAllFiles(now)) return absl::OkStatus();
  const absl::Status started = deps_.scheduler->StartImport(dataset_.name).status();
  if (started.ok()) return started;
  // The writer of another file may have come first.
  ASSIGN_OR_RETURN(const Dataset then, deps_.store->GetDataset(dataset_.name));
  return then.state == DatasetState::kUploading ? started : absl::OkStatus();
}

absl::Status RecoverUploads(const Deps& deps) {
  ASSIGN_OR_RETURN(const std::vector<Dataset> datasets, deps.store->ListUploadingDatasets());
  for (const Dataset& dataset : datasets) {
    for (size_t i = 0; i < dataset.files.size(); ++i) {
      const DatasetFile& file = dataset.files[i];
      if (file.complete || file.committed_size_bytes == 0) continue;
      const absl::Status cut = CutToCommitted(deps, dataset.name, static_cast<int>(i), file);
      if (cut.ok()) continue;
      server::LogError("an upload cannot go on", {{"dataset", dataset.name.ToString()},
                                                  {"error", std::string(cut.message())}});
      RETURN_IF_ERROR(deps.store->FailDataset(dataset.name, domain::FromStatus(cut)).status());
      break;
    }
    if (HasAllFiles(dataset)) {
      RETURN_IF_ERROR(deps.scheduler->StartImport(dataset.name).status());
    }
  }
  return absl::OkStatus();
}

}  // namespace winnow::rpc
