#include "server/store/writer.h"

#include <cstddef>

#include "server/base/failpoints.h"

namespace winnow::store {
namespace {

// Bounds how long the first of a batch waits for the last: 64 operations of some 50 us.
constexpr size_t kMaxBatch = 64;

}  // namespace

absl::Status Writer::Run(const Operation& operation) {
  Pending pending{&operation};
  return Enqueue(pending);
}

absl::Status Writer::RunAlone(const Operation& operation) {
  Pending pending{&operation, /*alone=*/true};
  return Enqueue(pending);
}

absl::Status Writer::Enqueue(Pending& pending) {
  std::vector<Pending*> batch;
  {
    absl::MutexLock lock(&mutex_);
    queue_.push_back(&pending);
    const auto may_go = [this, &pending]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return pending.done || (!leading_ && queue_.front() == &pending);
    };
    mutex_.Await(absl::Condition(&may_go));
    if (pending.done) return pending.result;
    leading_ = true;
    batch = TakeBatch();
  }
  RunBatch(batch);
  absl::MutexLock lock(&mutex_);
  for (Pending* member : batch) member->done = true;
  leading_ = false;
  return pending.result;
}

std::vector<Writer::Pending*> Writer::TakeBatch() {
  std::vector<Pending*> batch;
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    if (queue_.front()->alone && !batch.empty()) break;
    batch.push_back(queue_.front());
    queue_.pop_front();
    if (batch.back()->alone) break;
  }
  return batch;
}

void Writer::RunBatch(const std::vector<Pending*>& batch) {
  if (batch.front()->alone) {
    batch.front()->result = (*batch.front()->operation)(*database_);
    return;
  }
  for (size_t begin = 0; begin < batch.size();) begin = RunTransaction(batch, begin);
}

// Runs batch[begin..] in one transaction and sets their results. Returns where to go on: the end,
// or behind the operation whose failure made SQLite roll everything back.
size_t Writer::RunTransaction(const std::vector<Pending*>& batch, size_t begin) {
  size_t end = begin;
  absl::Status status = database_->Execute("BEGIN IMMEDIATE");
  if (!status.ok()) {
    end = batch.size();
  } else {
    while (end < batch.size()) {
      Pending& pending = *batch[end++];
      if (!RunSavepoint(pending)) {
        status = pending.result;
        break;
      }
    }
    if (status.ok()) status = server::Failpoint("store.before_commit");
    if (status.ok()) status = database_->Execute("COMMIT");
    if (!status.ok() && database_->in_transaction()) database_->Execute("ROLLBACK").IgnoreError();
    if (status.ok()) server::Failpoint("store.after_commit").IgnoreError();  // for kills only
  }
  for (size_t i = begin; i < end && !status.ok(); ++i) {
    if (batch[i]->result.ok()) batch[i]->result = status;
  }
  return end;
}

// False when the whole transaction is gone, with all that went before.
bool Writer::RunSavepoint(Pending& pending) {
  pending.result = database_->Execute("SAVEPOINT operation");
  if (pending.result.ok()) {
    pending.result = (*pending.operation)(*database_);
    if (!database_->in_transaction()) {
      if (pending.result.ok())
        pending.result = absl::InternalError("store: the transaction is gone");
      return false;
    }
    const absl::Status closed = database_->Execute(
        pending.result.ok() ? "RELEASE operation" : "ROLLBACK TO operation; RELEASE operation");
    if (!closed.ok() && pending.result.ok()) pending.result = closed;
  }
  return database_->in_transaction();
}

}  // namespace winnow::store
