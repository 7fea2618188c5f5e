#include "server/base/file_system.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/fault_file_system.h"
#include "tests/support/temp_dir.h"

namespace winnow::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kLimit = 1 << 20;

TEST(FileSystemTest, AtomicWriteReplacesTheWholeFile) {
  test::TempDir dir;
  FileSystem& files = *RealFileSystem();
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("a"), "a longer old content").ok());
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("a"), "new").ok());
  EXPECT_EQ(*ReadWholeFile(files, dir.File("a"), kLimit), "new");
  EXPECT_THAT(*files.List(dir.path()), ElementsAre("a"));
}

TEST(FileSystemTest, EveryFailingStepOfAnAtomicWriteLeavesOldOrNewAndNoTemporary) {
  test::TempDir dir;
  FaultFileSystem files(RealFileSystem());
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("a"), "old").ok());
  int failures = 0;
  for (int64_t nth = 1;; ++nth) {
    files.FailNth(nth, absl::ResourceExhaustedError("disk full"));
    const absl::Status status = WriteFileAtomic(files, dir.File("a"), "new");
    const std::string content = *ReadWholeFile(files, dir.File("a"), kLimit);
    EXPECT_THAT(*files.List(dir.path()), ElementsAre("a")) << "step " << nth;
    if (status.ok()) {
      EXPECT_FALSE(files.HasFailed());
      EXPECT_EQ(content, "new");
      break;
    }
    ++failures;
    EXPECT_THAT(content, testing::AnyOf("old", "new")) << "step " << nth;
    ASSERT_TRUE(RealFileSystem()->Exists(dir.File("a")));
  }
  // open, append, sync, rename, sync of the folder.
  EXPECT_EQ(failures, 5);
}

TEST(FileSystemTest, AFailingAppendLeavesAShortFileAsAFullDiskDoes) {
  test::TempDir dir;
  FaultFileSystem files(RealFileSystem());
  auto file = files.OpenWritable(dir.File("a"), OpenMode::kTruncate);
  ASSERT_TRUE(file.ok());
  files.FailNth(1, absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ((*file)->Append("0123456789", 10).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*files.FileSize(dir.File("a")), 5);
}

TEST(FileSystemTest, AppendModeGoesOnWhereTheFileEnds) {
  test::TempDir dir;
  FileSystem& files = *RealFileSystem();
  for (const std::string piece : {"ab", "cd"}) {
    auto file = files.OpenWritable(dir.File("a"), OpenMode::kAppend);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append(piece.data(), piece.size()).ok());
    ASSERT_TRUE((*file)->Sync().ok());
  }
  EXPECT_EQ(*ReadWholeFile(files, dir.File("a"), kLimit), "abcd");
  ASSERT_TRUE(files.Truncate(dir.File("a"), 3).ok());
  EXPECT_EQ(*ReadWholeFile(files, dir.File("a"), kLimit), "abc");
}

TEST(FileSystemTest, ReadReturnsLessOnlyAtTheEnd) {
  test::TempDir dir;
  FileSystem& files = *RealFileSystem();
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("a"), "0123456789").ok());
  auto file = files.OpenReadable(dir.File("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*(*file)->Read(2, 3), "234");
  EXPECT_EQ(*(*file)->Read(8, 5), "89");
  EXPECT_EQ(*(*file)->Read(20, 5), "");
}

TEST(FileSystemTest, ErrorsNameOperationAndPath) {
  test::TempDir dir;
  FileSystem& files = *RealFileSystem();
  const absl::Status missing = files.OpenReadable(dir.File("none")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("cannot open " + dir.File("none")));
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("a"), "12345").ok());
  const absl::Status large = ReadWholeFile(files, dir.File("a"), 4).status();
  EXPECT_EQ(large.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(large.message()), HasSubstr("it has 5 bytes, at most 4"));
}

TEST(FileSystemTest, RemoveAllOfNothingIsNoError) {
  test::TempDir dir;
  FileSystem& files = *RealFileSystem();
  EXPECT_TRUE(files.RemoveAll(dir.File("none")).ok());
  ASSERT_TRUE(files.CreateDirectories(dir.File("x/y/z")).ok());
  ASSERT_TRUE(WriteFileAtomic(files, dir.File("x/y/a"), "1").ok());
  EXPECT_TRUE(files.RemoveAll(dir.File("x")).ok());
  EXPECT_FALSE(files.Exists(dir.File("x")));
  EXPECT_GT(*files.FreeBytes(dir.path()), 0);
}

}  // namespace
}  // namespace winnow::server
