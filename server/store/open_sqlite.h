// OpenSqliteStore on another virtual file system of SQLite, so that tests can make its disk fail.
#ifndef WINNOW_SERVER_STORE_OPEN_SQLITE_H_
#define WINNOW_SERVER_STORE_OPEN_SQLITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/telemetry.h"
#include "server/store/store.h"

namespace winnow::store {

// `vfs` is the name of a registered one; empty = SQLite's default.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStoreOnVfs(const std::string& path,
                                                            const server::Clock* clock,
                                                            const std::string& vfs,
                                                            server::Telemetry* telemetry = nullptr);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_OPEN_SQLITE_H_
