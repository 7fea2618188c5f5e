// The files of the server as an interface: what the server writes can be made to fail at any step
// in a test.
#ifndef WINNOW_SERVER_BASE_FILE_SYSTEM_H_
#define WINNOW_SERVER_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::server {

// A file open for appending. THREAD-SAFETY: one thread at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual absl::Status Append(const char* data, size_t size) = 0;
  // ENSURES: every appended byte and the size survive a power loss (fdatasync).
  virtual absl::Status Sync() = 0;
};

// A file open for reading. THREAD-SAFETY: any thread.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads up to `size` bytes at `offset`; fewer only at the end of the file.
  virtual absl::StatusOr<std::string> Read(int64_t offset, size_t size) const = 0;
  virtual absl::StatusOr<int64_t> Size() const = 0;
};

enum class OpenMode {
  kTruncate,  // empty at first
  kAppend,    // keeps what is there
};

// Errors: NOT_FOUND (ENOENT), RESOURCE_EXHAUSTED (ENOSPC, EDQUOT), PERMISSION_DENIED, else
// INTERNAL; messages name the operation and the path. A failed fsync of the real one ends the
// process: what the kernel then holds is unknown, and start-up is recovery. THREAD-SAFETY: any
// thread.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenWritable(const std::string& path,
                                                                     OpenMode mode) = 0;
  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> OpenReadable(const std::string& path) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  virtual absl::Status CreateDirectories(const std::string& path) = 0;
  virtual absl::Status Truncate(const std::string& path, int64_t size) = 0;
  virtual absl::Status RemoveFile(const std::string& path) = 0;
  // A path that does not exist is no error.
  virtual absl::Status RemoveAll(const std::string& path) = 0;
  virtual absl::StatusOr<int64_t> FileSize(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  // Names without the folder, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  // Bytes that an unprivileged process may still write on the volume of `path`.
  virtual absl::StatusOr<int64_t> FreeBytes(const std::string& path) = 0;
};

// The machine's own files. OWNERSHIP: a static object.
FileSystem* RealFileSystem();

// Replaces `path` as one step: temporary file, fsync, rename, fsync of the folder. After a failure
// the old content (or absence) stands, and the temporary file is removed where that is still
// possible.
absl::Status WriteFileAtomic(FileSystem& files, const std::string& path,
                             const std::string& content);

// The whole file. RESOURCE_EXHAUSTED when it is larger than `limit_bytes`.
absl::StatusOr<std::string> ReadWholeFile(FileSystem& files, const std::string& path,
                                          int64_t limit_bytes);

// Name ending of files that WriteFileAtomic and workers leave behind when they die; swept at
// start-up.
inline constexpr char kTemporarySuffix[] = ".tmp";

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_FILE_SYSTEM_H_
