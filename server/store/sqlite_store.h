// The store in one SQLite file (WAL, synchronous=FULL). One writer with group commit, pooled
// readers.
#ifndef WINNOW_SERVER_STORE_SQLITE_STORE_H_
#define WINNOW_SERVER_STORE_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/telemetry.h"
#include "server/store/store.h"

namespace winnow::store {

// Creates or migrates `path`, after a quick_check. FAILED_PRECONDITION when the file is of a newer
// version; DATA_LOSS when it is damaged. OWNERSHIP: `clock` must outlive the store.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const server::Clock* clock);
// The same, and tells `telemetry`, which must outlive the store, of every transaction.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const server::Clock* clock,
                                                       server::Telemetry* telemetry);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_SQLITE_STORE_H_
