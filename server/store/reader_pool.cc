#include "server/store/reader_pool.h"

#include "server/base/status.h"

namespace winnow::store {

absl::Status ReaderPool::Run(const std::function<absl::Status(Database&)>& read) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Borrow());
  absl::Status status = database->Execute("BEGIN");
  if (status.ok()) {
    status = read(*database);
    if (database->in_transaction()) database->Execute("ROLLBACK").IgnoreError();  // nothing to keep
  }
  GiveBack(std::move(database));
  return status;
}

absl::StatusOr<std::unique_ptr<Database>> ReaderPool::Borrow() {
  {
    absl::MutexLock lock(&mutex_);
    const auto has_room = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return borrowed_ < kMaxConnections;
    };
    mutex_.Await(absl::Condition(&has_room));
    ++borrowed_;
    if (!idle_.empty()) {
      std::unique_ptr<Database> database = std::move(idle_.back());
      idle_.pop_back();
      return database;
    }
  }
  auto opened = Database::Open(path_, Database::Access::kReadOnly, vfs_);
  if (!opened.ok()) {
    absl::MutexLock lock(&mutex_);
    --borrowed_;
  }
  return opened;
}

void ReaderPool::GiveBack(std::unique_ptr<Database> database) {
  absl::MutexLock lock(&mutex_);
  --borrowed_;
  idle_.push_back(std::move(database));
}

}  // namespace winnow::store
