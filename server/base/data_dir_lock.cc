#include "server/base/data_dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"

namespace winnow::server {
namespace {

std::string HolderOf(int fd) {
  char text[32];
  const ssize_t size = ::pread(fd, text, sizeof(text), 0);
  std::string holder(text, size > 0 ? static_cast<size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "unknown" : holder;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirLock>> DataDirLock::Acquire(const std::string& data_dir) {
  std::error_code error;
  if (std::filesystem::create_directories(data_dir, error)) ::chmod(data_dir.c_str(), 0700);
  if (error) return PosixError(error.value(), "create data folder", data_dir);
  const std::string path = data_dir + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return PosixError(errno, "open", path);
  std::unique_ptr<DataDirLock> lock(new DataDirLock(fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return PosixError(errno, "lock", path);
    return absl::FailedPreconditionError(absl::StrCat(
        "data folder ", data_dir, " is in use by another server (process ", HolderOf(fd), ")"));
  }
  const std::string holder = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    return PosixError(errno, "write", path);
  }
  return lock;
}

DataDirLock::~DataDirLock() { ::close(fd_); }

}  // namespace winnow::server
