// The tables and how older files are brought to them.
#ifndef WINNOW_SERVER_STORE_SCHEMA_H_
#define WINNOW_SERVER_STORE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace winnow::store {

// PRAGMA user_version of a file that this program writes: the number of migrations.
int64_t SchemaVersion();

absl::StatusOr<int64_t> ReadSchemaVersion(Database& database);

// Runs the missing migrations, each in a transaction of its own that also raises user_version.
// FAILED_PRECONDITION when the file is of a newer version; nothing is changed then.
absl::Status Migrate(Database& database);

// DATA_LOSS with SQLite's first complaint when the file is damaged.
absl::Status QuickCheck(Database& database);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_SCHEMA_H_
