// Reading connections, so that a reader waits neither for the writer nor for another reader's disk.
#ifndef WINNOW_SERVER_STORE_READER_POOL_H_
#define WINNOW_SERVER_STORE_READER_POOL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/store/database.h"

namespace winnow::store {

// THREAD-SAFETY: any thread.
class ReaderPool {
 public:
  ReaderPool(std::string path, std::string vfs) : path_(std::move(path)), vfs_(std::move(vfs)) {}

  // Runs `read` on one snapshot of the committed state.
  absl::Status Run(const std::function<absl::Status(Database&)>& read);

 private:
  // Connections opened at most: more readers than this wait.
  static constexpr int kMaxConnections = 8;

  absl::StatusOr<std::unique_ptr<Database>> Borrow();
  void GiveBack(std::unique_ptr<Database> database);

  const std::string path_;
  const std::string vfs_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Database>> idle_ ABSL_GUARDED_BY(mutex_);
  int borrowed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_READER_POOL_H_
