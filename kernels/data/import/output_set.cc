#include "kernels/data/import/output_set.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

absl::Status SystemError(const char* what, const std::string& path) {
  const int error = errno;
  const std::string text = absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    return absl::ResourceExhaustedError(text);
  return absl::InternalError(text);
}

}  // namespace

PendingFile::~PendingFile() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status PendingFile::WriteAt(int64_t offset, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::pwrite(fd_, data, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write", temporary_path_);
    data += written;
    offset += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status PendingFile::ReadAt(int64_t offset, char* data, size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(fd_, data, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", temporary_path_);
    if (got == 0) {
      return absl::InternalError(
          absl::StrCat(temporary_path_, " is shorter than what was written"));
    }
    data += got;
    offset += got;
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

OutputSet::~OutputSet() {
  if (is_committed_) return;
  for (const auto& file : files_) {
    ::unlink(file->temporary_path_.c_str());
    ::unlink(file->path_.c_str());
  }
}

absl::StatusOr<PendingFile*> OutputSet::Create(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  const std::string temporary = path + ".tmp";
  const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError("create", temporary);
  files_.emplace_back(new PendingFile(path, temporary, fd));
  return files_.back().get();
}

absl::Status OutputSet::CreateWith(const std::string& name, const std::string& content) {
  ASSIGN_OR_RETURN(PendingFile * file, Create(name));
  return file->WriteAt(0, content.data(), content.size());
}

absl::Status OutputSet::Commit() {
  for (const auto& file : files_) {
    if (::fsync(file->fd_) != 0) return SystemError("fsync", file->temporary_path_);
  }
  for (const auto& file : files_) {
    if (std::rename(file->temporary_path_.c_str(), file->path_.c_str()) != 0) {
      return SystemError("rename", file->temporary_path_);
    }
  }
  const int fd = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open", directory_);
  const bool is_synced = ::fsync(fd) == 0;
  const absl::Status status = is_synced ? absl::OkStatus() : SystemError("fsync", directory_);
  ::close(fd);
  is_committed_ = is_synced;
  return status;
}

}  // namespace winnow::data
