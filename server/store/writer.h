// The one writing connection. Operations that arrive while a commit is under way share the next
// one, so that many callers wait for one fsync (group commit).
#ifndef WINNOW_SERVER_STORE_WRITER_H_
#define WINNOW_SERVER_STORE_WRITER_H_

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/store/database.h"

namespace winnow::store {

// THREAD-SAFETY: any thread.
class Writer {
 public:
  // Reads and writes; runs inside a transaction and must not begin or end one. An error undoes what
  // this operation did and nothing else.
  using Operation = std::function<absl::Status(Database&)>;

  explicit Writer(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  // Runs `operation`, perhaps on another caller's thread. ENSURES: OK means committed and on disk.
  absl::Status Run(const Operation& operation);

  // Runs alone, outside any transaction: for PRAGMA and VACUUM.
  absl::Status RunAlone(const Operation& operation);

 private:
  struct Pending {
    const Operation* operation;
    bool alone = false;
    bool done = false;
    absl::Status result = absl::OkStatus();
  };

  absl::Status Enqueue(Pending& pending);
  std::vector<Pending*> TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunBatch(const std::vector<Pending*>& batch);
  size_t RunTransaction(const std::vector<Pending*>& batch, size_t begin);
  bool RunSavepoint(Pending& pending);

  absl::Mutex mutex_;
  std::deque<Pending*> queue_ ABSL_GUARDED_BY(mutex_);
  bool leading_ ABSL_GUARDED_BY(mutex_) = false;  // some caller's thread is running a batch
  const std::unique_ptr<Database> database_;      // used by the leading thread only
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_WRITER_H_
