// A file system whose n-th change fails: run a scenario with n = 1, 2, … until it passes without a
// fault.
#ifndef WINNOW_SERVER_BASE_FAULT_FILE_SYSTEM_H_
#define WINNOW_SERVER_BASE_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/base/file_system.h"

namespace winnow::server {

// Counts open-for-writing, append, sync, rename, directory sync, create, truncate and remove; reads
// pass.
class FaultFileSystem final : public FileSystem {
 public:
  // OWNERSHIP: `base` must outlive this object.
  explicit FaultFileSystem(FileSystem* base) : base_(base) {}

  // The `nth` change from now on (1 = the next) returns `error`; later ones pass again unless
  // `forever`.
  void FailNth(int64_t nth, absl::Status error, bool forever = false);
  // True when the planned failure has been returned.
  bool HasFailed() const;
  void set_free_bytes(int64_t bytes);

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenWritable(const std::string& path,
                                                             OpenMode mode) override;
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenReadable(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status Truncate(const std::string& path, int64_t size) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveAll(const std::string& path) override;
  absl::StatusOr<int64_t> FileSize(const std::string& path) override;
  bool Exists(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::StatusOr<int64_t> FreeBytes(const std::string& path) override;

  // Called by the files it opens: counts one change.
  absl::Status Change();

 private:
  FileSystem* const base_;
  mutable absl::Mutex mutex_;
  int64_t countdown_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  bool forever_ ABSL_GUARDED_BY(mutex_) = false;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t free_bytes_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_FAULT_FILE_SYSTEM_H_
