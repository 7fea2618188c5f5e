#include "server/store/database.h"

#include <sqlite3.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::store {
namespace {

namespace reason = domain::reason;

constexpr int kBusyTimeoutMs = 5000;

// journal_size_limit: a burst may grow the log, but it does not stay that large.
constexpr char kWriterSettings[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    "PRAGMA journal_size_limit=67108864;";
constexpr char kReaderSettings[] = "PRAGMA query_only=ON;";

}  // namespace

absl::Status SqliteError(sqlite3* connection, int code, const std::string& step) {
  const int extended = connection == nullptr ? code : sqlite3_extended_errcode(connection);
  const std::string text =
      absl::StrCat("store, ", step, ": ",
                   connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection), " (",
                   extended, ")");
  if (extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC) {
    server::LogError("fsync of the store failed; the process ends", {{"error", text}});
    std::abort();
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return domain::MakeError(absl::StatusCode::kResourceExhausted, reason::kDiskLow, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
      domain::Error error;
      error.code = absl::StatusCode::kUnavailable;
      error.reason = reason::kStoreBusy;
      error.message = text;
      error.retry_after = absl::Seconds(1);
      return domain::ToStatus(error);
    }
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return domain::MakeError(absl::StatusCode::kDataLoss, reason::kDataCorrupt, text);
    default:
      return absl::InternalError(text);
  }
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      owned_(other.owned_),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  if (owned_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::Note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

void Statement::Bind(int index, int64_t value) {
  Note(sqlite3_bind_int64(statement_, index, value));
}

void Statement::Bind(int index, const std::string& text) {
  Note(sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void Statement::Bind(int index, absl::Time time) { Bind(index, absl::ToUnixMicros(time)); }

void Statement::BindBlob(int index, const std::string& bytes) {
  Note(sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
}

void Statement::BindNull(int index) { Note(sqlite3_bind_null(statement_, index)); }

void Statement::Bind(int index, const std::optional<int64_t>& value) {
  value.has_value() ? Bind(index, *value) : BindNull(index);
}

void Statement::Bind(int index, const std::optional<std::string>& text) {
  text.has_value() ? Bind(index, *text) : BindNull(index);
}

void Statement::Bind(int index, const std::optional<absl::Time>& time) {
  time.has_value() ? Bind(index, *time) : BindNull(index);
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) return SqliteError(connection_, bind_error_, "bind");
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(connection_, code, "step");
}

absl::Status Statement::Run() { return Step().status(); }

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Text(int column) const {
  // sqlite3_column_blob first: it gives texts as they were bound, too.
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

absl::Time Statement::Time(int column) const { return absl::FromUnixMicros(Integer(column)); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<int64_t> Statement::MaybeInteger(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Integer(column);
}

std::optional<std::string> Statement::MaybeText(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

std::optional<absl::Time> Statement::MaybeTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Access access,
                                                         const std::string& vfs) {
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (access == Access::kReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                  : SQLITE_OPEN_READWRITE);
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &connection, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) return SqliteError(connection, code, absl::StrCat("open ", path));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  RETURN_IF_ERROR(
      database->Execute(access == Access::kReadWrite ? kWriterSettings : kReaderSettings));
  return database;
}

Database::~Database() {
  statements_.clear();
  sqlite3_close(connection_);
}

absl::StatusOr<sqlite3_stmt*> Database::Compile(const std::string& sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.c_str(), static_cast<int>(sql.size()), flags,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError(connection_, code, "prepare");
  return statement;
}

absl::StatusOr<Statement> Database::Prepare(const std::string& sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) {
    return Statement(connection_, found->second.get(), /*owned=*/false);
  }
  ASSIGN_OR_RETURN(sqlite3_stmt* const statement, Compile(sql, SQLITE_PREPARE_PERSISTENT));
  statements_[sql].reset(statement);
  return Statement(connection_, statement, /*owned=*/false);
}

absl::StatusOr<Statement> Database::PrepareOnce(const std::string& sql) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const statement, Compile(sql, 0));
  return Statement(connection_, statement, /*owned=*/true);
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(connection_, code, "execute");
}

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(connection_); }

int64_t Database::changed_rows() const { return sqlite3_changes64(connection_); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

absl::Status Database::CopyTo(const std::string& path) {
  ASSIGN_OR_RETURN(Statement statement, Prepare("VACUUM INTO ?1"));
  statement.Bind(1, path);
  return statement.Run();
}

}  // namespace winnow::store
