#include "kernels/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow {
namespace {

absl::Status SystemError(const std::string& step, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(step, " '", path, "': ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::InternalError(message);
}

absl::Status WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("writing", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return SystemError("opening folder", folder);
  const int result = ::fsync(file);
  const absl::Status status =
      result == 0 ? absl::OkStatus() : SystemError("syncing folder", folder);
  ::close(file);
  return status;
}

absl::Status WriteAndSync(const std::string& path, std::span<const std::string_view> parts) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return SystemError("creating", path);
  absl::Status status;
  for (const std::string_view part : parts) {
    status = WriteAll(file, part, path);
    if (!status.ok()) break;
  }
  if (status.ok() && ::fsync(file) != 0) status = SystemError("syncing", path);
  if (::close(file) != 0 && status.ok()) status = SystemError("closing", path);
  return status;
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, std::span<const std::string_view> parts) {
  const std::string temporary = path + ".tmp";
  absl::Status status = WriteAndSync(temporary, parts);
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError("renaming to", path);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(path);
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view content) {
  return WriteFileAtomically(path, std::span<const std::string_view>(&content, 1));
}

}  // namespace winnow
