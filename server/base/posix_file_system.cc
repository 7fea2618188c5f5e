// RealFileSystem: POSIX calls, one each, with EINTR and short transfers taken care of.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "server/base/file_system.h"
#include "server/base/log.h"
#include "server/base/posix_error.h"
#include "server/base/status.h"
#include "server/base/unique_fd.h"

namespace winnow::server {
namespace {

// After a failed fsync the kernel may have dropped the pages and will report success next time.
void DieOfFailedSync(const std::string& path) {
  LogError("fsync failed; the process ends",
           {{"path", path}, {"error", PosixError(errno, "sync", path).ToString()}});
  std::abort();
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::Status Append(const char* data, size_t size) override {
    while (size > 0) {
      const ssize_t written = ::write(fd_.get(), data, size);
      if (written < 0) {
        if (errno == EINTR) continue;
        return PosixError(errno, "write to", path_);
      }
      data += written;
      size -= static_cast<size_t>(written);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    while (::fdatasync(fd_.get()) != 0) {
      if (errno == EINTR) continue;
      // A full disk may show only here (delayed allocation); the file is then simply not complete.
      if (errno == ENOSPC || errno == EDQUOT) return PosixError(errno, "sync", path_);
      DieOfFailedSync(path_);
    }
    return absl::OkStatus();
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::StatusOr<std::string> Read(int64_t offset, size_t size) const override {
    std::string bytes(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t got =
          ::pread(fd_.get(), bytes.data() + have, size - have, offset + static_cast<int64_t>(have));
      if (got < 0) {
        if (errno == EINTR) continue;
        return PosixError(errno, "read", path_);
      }
      if (got == 0) break;
      have += static_cast<size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

  absl::StatusOr<int64_t> Size() const override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return PosixError(errno, "look at", path_);
    return static_cast<int64_t>(info.st_size);
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

absl::StatusOr<UniqueFd> Open(const std::string& path, int flags) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return PosixError(errno, "open", path);
  return UniqueFd(fd);
}

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenWritable(const std::string& path,
                                                             OpenMode mode) override {
    const int flags = O_WRONLY | O_CREAT | (mode == OpenMode::kTruncate ? O_TRUNC : O_APPEND);
    ASSIGN_OR_RETURN(UniqueFd fd, Open(path, flags));
    return std::make_unique<PosixWritableFile>(std::move(fd), path);
  }

  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenReadable(const std::string& path) override {
    ASSIGN_OR_RETURN(UniqueFd fd, Open(path, O_RDONLY));
    return std::make_unique<PosixReadableFile>(std::move(fd), path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return PosixError(errno, "rename to", to);
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(const std::string& path) override {
    ASSIGN_OR_RETURN(const UniqueFd fd, Open(path, O_RDONLY | O_DIRECTORY));
    while (::fsync(fd.get()) != 0) {
      if (errno == EINTR) continue;
      if (errno == EINVAL) break;  // a file system that cannot sync folders
      DieOfFailedSync(path);
    }
    return absl::OkStatus();
  }

  absl::Status CreateDirectories(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return PosixError(error.value(), "create folder", path);
    return absl::OkStatus();
  }

  absl::Status Truncate(const std::string& path, int64_t size) override {
    if (::truncate(path.c_str(), size) != 0) return PosixError(errno, "truncate", path);
    return absl::OkStatus();
  }

  absl::Status RemoveFile(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return PosixError(errno, "remove", path);
    return absl::OkStatus();
  }

  absl::Status RemoveAll(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return PosixError(error.value(), "remove", path);
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> FileSize(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return PosixError(errno, "look at", path);
    return static_cast<int64_t>(info.st_size);
  }

  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* open = ::opendir(directory.c_str());
    if (open == nullptr) return PosixError(errno, "list", directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(open)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(open);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<int64_t> FreeBytes(const std::string& path) override {
    struct statvfs info;
    if (::statvfs(path.c_str(), &info) != 0) return PosixError(errno, "look at volume of", path);
    return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
  }
};

}  // namespace

FileSystem* RealFileSystem() {
  static PosixFileSystem* const files = new PosixFileSystem;
  return files;
}

}  // namespace winnow::server
