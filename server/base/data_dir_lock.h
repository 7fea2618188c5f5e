// At most one server per data folder: two would run each other's jobs.
#ifndef WINNOW_SERVER_BASE_DATA_DIR_LOCK_H_
#define WINNOW_SERVER_BASE_DATA_DIR_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace winnow::server {

// Holds data_dir/lock exclusively (flock) until destroyed or the process ends, however it ends.
class DataDirLock {
 public:
  // Creates the folder (mode 0700) when absent. FAILED_PRECONDITION when another process holds it;
  // the message has that process' id.
  static absl::StatusOr<std::unique_ptr<DataDirLock>> Acquire(const std::string& data_dir);
  ~DataDirLock();
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;

 private:
  explicit DataDirLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_DATA_DIR_LOCK_H_
