#include "server/base/data_dir_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace winnow::server {
namespace {

TEST(DataDirLockTest, SecondHolderIsRefusedWithTheFirstOnesProcessId) {
  test::TempDir dir;
  auto first = DataDirLock::Acquire(dir.File("data"));
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = DataDirLock::Acquire(dir.File("data")).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()),
              testing::HasSubstr(absl::StrCat("(process ", ::getpid(), ")")));
}

TEST(DataDirLockTest, IsFreeAgainAfterItsHolder) {
  test::TempDir dir;
  { ASSERT_TRUE(DataDirLock::Acquire(dir.File("data")).ok()); }
  EXPECT_TRUE(DataDirLock::Acquire(dir.File("data")).ok());
}

TEST(DataDirLockTest, NewFolderIsForItsOwnerOnly) {
  test::TempDir dir;
  auto lock = DataDirLock::Acquire(dir.File("a/b"));
  ASSERT_TRUE(lock.ok());
  struct stat info;
  ASSERT_EQ(::stat(dir.File("a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(DataDirLockTest, SaysWhyAFolderCannotBeMade) {
  const absl::Status status = DataDirLock::Acquire("/proc/none").status();
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("cannot create data folder /proc/none"));
}

}  // namespace
}  // namespace winnow::server
