// What is particular to the SQLite store: versions, damage, settings, backup, failpoints.
#include "server/store/sqlite_store.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/base/failpoints.h"
#include "server/store/database.h"
#include "server/store/schema.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using test::StatusIs;
using testing::HasSubstr;

class SqliteStoreTest : public testing::Test {
 protected:
  void TearDown() override { ASSERT_OK(server::SetFailpoints("")); }

  absl::StatusOr<std::unique_ptr<Store>> Open() { return OpenSqliteStore(path_, &clock_); }
  static NewJob JobOf(const std::string& id) {
    NewJob job;
    job.name = {"t", id};
    return job;
  }
  std::string Pragma(Database& database, const std::string& name) {
    auto statement = database.Prepare("PRAGMA " + name);
    EXPECT_OK(statement);
    EXPECT_OK(statement->Run());
    return statement->Text(0);
  }

  test::TempDir dir_;
  const std::string path_ = dir_.File("winnow.db");
  server::FakeClock clock_;
};

TEST_F(SqliteStoreTest, WritesThroughToTheDiskAndKeepsForeignKeys) {
  ASSERT_OK(Open());
  ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadWrite));
  EXPECT_EQ(Pragma(*database, "journal_mode"), "wal");
  EXPECT_EQ(Pragma(*database, "synchronous"), "2");  // FULL
  EXPECT_EQ(Pragma(*database, "foreign_keys"), "1");
  EXPECT_EQ(Pragma(*database, "user_version"), absl::StrCat(SchemaVersion()));
}

TEST_F(SqliteStoreTest, ReadersCannotWrite) {
  ASSERT_OK(Open());
  ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadOnly));
  EXPECT_FALSE(database->Execute("DELETE FROM job").ok());
}

TEST_F(SqliteStoreTest, RefusesTheFileOfANewerProgramAndLeavesItAlone) {
  ASSERT_OK(Open());
  {
    ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadWrite));
    ASSERT_OK(database->Execute("PRAGMA user_version=99"));
  }
  EXPECT_THAT(Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr(absl::StrCat("its version is 99, this program knows up to ",
                                              SchemaVersion()))));
  ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadWrite));
  EXPECT_EQ(Pragma(*database, "user_version"), "99");
}

TEST_F(SqliteStoreTest, AMigrationThatFailsLeavesTheOldVersion) {
  {
    ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadWrite));
    ASSERT_OK(database->Execute("CREATE TABLE dataset (id INTEGER)"));  // in the way
  }
  EXPECT_FALSE(Open().ok());
  ASSERT_OK_AND_ASSIGN(auto database, Database::Open(path_, Database::Access::kReadWrite));
  EXPECT_EQ(*ReadSchemaVersion(*database), 0);
  EXPECT_FALSE(database->Prepare("SELECT * FROM job").ok());
}

TEST_F(SqliteStoreTest, RefusesFilesThatAreDamagedOrNoDatabase) {
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss));
  std::ofstream(path_, std::ios::trunc).close();
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(store->CreateJob(JobOf(absl::StrCat("j", i)), {}));
  }
  ASSERT_OK(store->TruncateLog());
  store.reset();
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  for (int page = 3; page < 20; ++page) {
    file.seekp(page * 4096);
    file << std::string(2048, '\x5a');
  }
  file.close();
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteStoreTest, SaysWhatCannotBeOpened) {
  EXPECT_THAT(OpenSqliteStore("/no/such/folder/winnow.db", &clock_),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("open /no/such/folder/winnow.db")));
}

TEST_F(SqliteStoreTest, BackupIsACompleteStore) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  ASSERT_OK(store->CreateJob(JobOf("j"), {}));
  const std::string copy = dir_.File("copy.db");
  ASSERT_OK(store->Backup(copy));
  EXPECT_THAT(store->Backup(copy), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK(store->CreateJob(JobOf("later"), {}));
  ASSERT_OK_AND_ASSIGN(auto restored, OpenSqliteStore(copy, &clock_));
  EXPECT_OK(restored->GetJob({"t", "j"}));
  EXPECT_THAT(restored->GetJob({"t", "later"}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SqliteStoreTest, SizesFollowTheFiles) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  ASSERT_OK(store->CreateJob(JobOf("j"), {}));
  EXPECT_GT(store->Sizes()->wal_bytes, 0);
  ASSERT_OK(store->TruncateLog());
  EXPECT_EQ(store->Sizes()->wal_bytes, 0);
  EXPECT_GT(store->Sizes()->file_bytes, 0);
}

TEST_F(SqliteStoreTest, AFailureBeforeTheCommitUndoesEverything) {
  ASSERT_OK_AND_ASSIGN(auto store, Open());
  ASSERT_OK(server::SetFailpoints("store.before_commit:error"));
  EXPECT_THAT(store->CreateJob(JobOf("j"), {"r", "b"}), StatusIs(absl::StatusCode::kInternal));
  ASSERT_OK(server::SetFailpoints(""));
  EXPECT_THAT(store->GetJob({"t", "j"}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(store->CreateJob(JobOf("j"), {"r", "b"})->replayed);
}

TEST_F(SqliteStoreTest, AKillRightAfterTheCommitLosesNothingAndOneBeforeItKeepsNothing) {
  for (const bool after : {true, false}) {
    const std::string id = after ? "after" : "before";
    EXPECT_EXIT(
        {
          auto store = Open();
          server::SetFailpoints("store." + id + "_commit:kill").IgnoreError();
          (*store)->CreateJob(JobOf(id), {"request-" + id, "body"}).status().IgnoreError();
        },
        testing::KilledBySignal(SIGKILL), "");
    ASSERT_OK_AND_ASSIGN(auto store, Open());
    ASSERT_OK_AND_ASSIGN(const auto again, store->CreateJob(JobOf(id), {"request-" + id, "body"}));
    EXPECT_EQ(again.replayed, after);
  }
}

}  // namespace
}  // namespace winnow::store
