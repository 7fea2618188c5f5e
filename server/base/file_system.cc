#include "server/base/file_system.h"

#include <atomic>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace winnow::server {
namespace {

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status WriteDurably(FileSystem& files, const std::string& path, const std::string& content) {
  ASSIGN_OR_RETURN(auto file, files.OpenWritable(path, OpenMode::kTruncate));
  RETURN_IF_ERROR(file->Append(content.data(), content.size()));
  return file->Sync();
}

}  // namespace

absl::Status WriteFileAtomic(FileSystem& files, const std::string& path,
                             const std::string& content) {
  // Two writers of the same path must not share a temporary file.
  static std::atomic<uint64_t> counter{0};
  const std::string temporary =
      absl::StrCat(path, ".", counter.fetch_add(1, std::memory_order_relaxed), kTemporarySuffix);
  absl::Status status = WriteDurably(files, temporary, content);
  if (status.ok()) status = files.Rename(temporary, path);
  if (!status.ok()) {
    files.RemoveFile(temporary).IgnoreError();  // the first failure is the one to report
    return status;
  }
  return files.SyncDirectory(ParentOf(path));
}

absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path,
                                          int64_t limit_bytes) {
  ASSIGN_OR_RETURN(auto file, files.OpenReadable(path));
  ASSIGN_OR_RETURN(const int64_t size, file->Size());
  if (size > limit_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot read ", path, ": it has ", size,
                                                     " bytes, at most ", limit_bytes,
                                                     " were expected"));
  }
  return file->Read(0, static_cast<size_t>(size));
}

}  // namespace winnow::server
