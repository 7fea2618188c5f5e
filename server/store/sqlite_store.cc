#include "server/store/sqlite_store.h"

#include <utility>

#include "server/base/file_system.h"
#include "server/base/status.h"
#include "server/store/open_sqlite.h"
#include "server/store/schema.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStoreOnVfs(const std::string& path,
                                                            const server::Clock* clock,
                                                            const std::string& vfs,
                                                            server::Telemetry* telemetry) {
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                   Database::Open(path, Database::Access::kReadWrite, vfs));
  RETURN_IF_ERROR(QuickCheck(*database));
  RETURN_IF_ERROR(Migrate(*database));
  return std::make_unique<SqliteStore>(path, vfs, std::move(database), clock, telemetry);
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const server::Clock* clock) {
  return OpenSqliteStoreOnVfs(path, clock, "");
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path,
                                                       const server::Clock* clock,
                                                       server::Telemetry* telemetry) {
  return OpenSqliteStoreOnVfs(path, clock, "", telemetry);
}

absl::Status SqliteStore::Backup(const std::string& path) {
  server::FileSystem& files = *server::RealFileSystem();
  if (files.Exists(path)) {
    return absl::AlreadyExistsError("cannot write a backup to " + path + ": the file exists");
  }
  // A connection of its own: readers and the writer go on meanwhile.
  ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                   Database::Open(path_, Database::Access::kReadWrite));
  RETURN_IF_ERROR(database->CopyTo(path));
  ASSIGN_OR_RETURN(auto copy, files.OpenWritable(path, server::OpenMode::kAppend));
  return copy->Sync();
}

absl::Status SqliteStore::TruncateLog() {
  return writer_.RunAlone(
      [](Database& database) { return database.Execute("PRAGMA wal_checkpoint(TRUNCATE)"); });
}

absl::StatusOr<StoreSizes> SqliteStore::Sizes() {
  server::FileSystem& files = *server::RealFileSystem();
  StoreSizes sizes;
  ASSIGN_OR_RETURN(sizes.file_bytes, files.FileSize(path_));
  const std::string wal = path_ + "-wal";
  if (files.Exists(wal)) {
    ASSIGN_OR_RETURN(sizes.wal_bytes, files.FileSize(wal));
  }
  return sizes;
}

}  // namespace winnow::store
