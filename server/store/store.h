// The whole durable state of a server.
#ifndef WINNOW_SERVER_STORE_STORE_H_
#define WINNOW_SERVER_STORE_STORE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/dataset_store.h"
#include "server/store/job_store.h"
#include "server/store/notifier.h"

namespace winnow::store {

struct RecoveryReport {
  int64_t requeued = 0;        // RUNNING -> PENDING
  int64_t failed = 0;          // RUNNING -> FAILED: crash loop
  int64_t cancelled = 0;       // CANCELLING -> CANCELLED
  int64_t paused = 0;          // RUNNING with pause_requested -> PAUSED
  int64_t imports_failed = 0;  // IMPORTING -> FAILED: crash loop
};

struct StoreSizes {
  int64_t file_bytes = 0;
  int64_t wal_bytes = 0;
};

class Store : public JobStore, public DatasetStore {
 public:
  // Ends the attempts that a dead server left. Call once, before anything else. The attempts count
  // as crashed: kCrashLimit of them without a new checkpoint fail the job.
  virtual absl::StatusOr<RecoveryReport> Recover() = 0;

  // Drops request ids of what has been final for more than 24 h. Returns how many.
  virtual absl::StatusOr<int64_t> PurgeRequests() = 0;

  // Changes of "tenants/t/jobs/j" and "tenants/t/datasets/d".
  virtual Notifier& notifier() = 0;

  // A consistent copy into a new file while others read and write.
  virtual absl::Status Backup(const std::string& path) = 0;
  // Moves the write-ahead log into the database file, as at the end of a drain.
  virtual absl::Status TruncateLog() = 0;
  virtual absl::StatusOr<StoreSizes> Sizes() = 0;
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_STORE_H_
