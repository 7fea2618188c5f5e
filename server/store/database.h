// One SQLite connection and its statements, without raw handles in the code that uses them.
#ifndef WINNOW_SERVER_STORE_DATABASE_H_
#define WINNOW_SERVER_STORE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace winnow::store {

// A compiled statement: borrowed from its connection and reset when destroyed (Prepare), or its own
// (PrepareOnce).
// Parameters and columns: integers are int64, times are microseconds since 1970, texts may hold any
// bytes. A failed Bind shows in Step. REQUIRES: lives shorter than its Database; not two of the
// same SQL at once.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters count from 1, as in SQL ("?1").
  void Bind(int index, int64_t value);
  void Bind(int index, const std::string& text);
  void Bind(int index, absl::Time time);
  void BindBlob(int index, const std::string& bytes);
  void BindNull(int index);
  void Bind(int index, const std::optional<int64_t>& value);
  void Bind(int index, const std::optional<std::string>& text);
  void Bind(int index, const std::optional<absl::Time>& time);

  // True: a row is there. False: the statement is done.
  absl::StatusOr<bool> Step();
  // For statements that return no rows.
  absl::Status Run();

  // Columns count from 0. REQUIRES: the last Step gave a row.
  int64_t Integer(int column) const;
  std::string Text(int column) const;
  absl::Time Time(int column) const;
  bool IsNull(int column) const;
  std::optional<int64_t> MaybeInteger(int column) const;
  std::optional<std::string> MaybeText(int column) const;
  std::optional<absl::Time> MaybeTime(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* connection, sqlite3_stmt* statement, bool owned)
      : connection_(connection), statement_(statement), owned_(owned) {}
  void Note(int code);

  sqlite3* connection_;
  sqlite3_stmt* statement_;
  bool owned_;
  int bind_error_ = 0;
};

// THREAD-SAFETY: one thread at a time.
class Database {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Sets WAL, synchronous=FULL, foreign_keys=ON and a busy timeout of 5 s. `vfs` empty = SQLite's
  // default.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Access access,
                                                        const std::string& vfs = "");
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Compiled once per connection and SQL text.
  absl::StatusOr<Statement> Prepare(const std::string& sql);
  // Compiled for this use only: for texts whose number has no bound.
  absl::StatusOr<Statement> PrepareOnce(const std::string& sql);
  // Statements without parameters and results, separated by ';'.
  absl::Status Execute(const std::string& sql);

  int64_t last_insert_id() const;
  int64_t changed_rows() const;
  // False once SQLite has rolled back by itself (disk full, I/O error).
  bool in_transaction() const;
  // A consistent copy of everything into a new file.
  absl::Status CopyTo(const std::string& path);

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}
  absl::StatusOr<sqlite3_stmt*> Compile(const std::string& sql, unsigned flags);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* const connection_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

// RESOURCE_EXHAUSTED DISK_LOW, UNAVAILABLE STORE_BUSY, DATA_LOSS DATA_CORRUPT or INTERNAL. Does not
// return from a failed fsync: what is on disk is then unknown, and start-up is recovery.
absl::Status SqliteError(sqlite3* connection, int code, const std::string& step);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_DATABASE_H_
