#include "server/base/fault_file_system.h"

#include <utility>

#include "server/base/status.h"

namespace winnow::server {
namespace {

class FaultWritableFile final : public WritableFile {
 public:
  FaultWritableFile(FaultFileSystem* owner, std::unique_ptr<WritableFile> base)
      : owner_(owner), base_(std::move(base)) {}

  // A failing write leaves half of its bytes, as a full disk does.
  absl::Status Append(const char* data, size_t size) override {
    const absl::Status planned = owner_->Change();
    if (!planned.ok()) {
      base_->Append(data, size / 2).IgnoreError();
      return planned;
    }
    return base_->Append(data, size);
  }

  absl::Status Sync() override {
    RETURN_IF_ERROR(owner_->Change());
    return base_->Sync();
  }

 private:
  FaultFileSystem* const owner_;
  const std::unique_ptr<WritableFile> base_;
};

}  // namespace

void FaultFileSystem::FailNth(int64_t nth, absl::Status error, bool forever) {
  absl::MutexLock lock(&mutex_);
  countdown_ = nth;
  error_ = std::move(error);
  forever_ = forever;
  failed_ = false;
}

bool FaultFileSystem::HasFailed() const {
  absl::MutexLock lock(&mutex_);
  return failed_;
}

void FaultFileSystem::set_free_bytes(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  free_bytes_ = bytes;
}

absl::Status FaultFileSystem::Change() {
  absl::MutexLock lock(&mutex_);
  if (failed_ && forever_) return error_;
  if (countdown_ == 0 || --countdown_ > 0) return absl::OkStatus();
  failed_ = true;
  return error_;
}

absl::StatusOr<std::unique_ptr<WritableFile>> FaultFileSystem::OpenWritable(const std::string& path,
                                                                            OpenMode mode) {
  RETURN_IF_ERROR(Change());
  ASSIGN_OR_RETURN(auto file, base_->OpenWritable(path, mode));
  return std::make_unique<FaultWritableFile>(this, std::move(file));
}

absl::StatusOr<std::unique_ptr<ReadableFile>> FaultFileSystem::OpenReadable(
    const std::string& path) {
  return base_->OpenReadable(path);
}

absl::Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(Change());
  return base_->Rename(from, to);
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  RETURN_IF_ERROR(Change());
  return base_->SyncDirectory(path);
}

absl::Status FaultFileSystem::CreateDirectories(const std::string& path) {
  RETURN_IF_ERROR(Change());
  return base_->CreateDirectories(path);
}

absl::Status FaultFileSystem::Truncate(const std::string& path, int64_t size) {
  RETURN_IF_ERROR(Change());
  return base_->Truncate(path, size);
}

absl::Status FaultFileSystem::RemoveFile(const std::string& path) {
  RETURN_IF_ERROR(Change());
  return base_->RemoveFile(path);
}

absl::Status FaultFileSystem::RemoveAll(const std::string& path) {
  RETURN_IF_ERROR(Change());
  return base_->RemoveAll(path);
}

absl::StatusOr<int64_t> FaultFileSystem::FileSize(const std::string& path) {
  return base_->FileSize(path);
}

bool FaultFileSystem::Exists(const std::string& path) { return base_->Exists(path); }

absl::StatusOr<std::vector<std::string>> FaultFileSystem::List(const std::string& directory) {
  return base_->List(directory);
}

absl::StatusOr<int64_t> FaultFileSystem::FreeBytes(const std::string& path) {
  {
    absl::MutexLock lock(&mutex_);
    if (free_bytes_ >= 0) return free_bytes_;
  }
  return base_->FreeBytes(path);
}

}  // namespace winnow::server
