#include "server/rpc/local_files.h"

#include <filesystem>
#include <fstream>

#include "server/domain/error.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::rpc {
namespace {

using absl::StatusCode;
using domain::ReasonOf;
using test::StatusIs;
using testing::HasSubstr;
namespace fs = std::filesystem;

class LocalFilesTest : public testing::Test {
 protected:
  LocalFilesTest() {
    fs::create_directories(dir_.File("data/sub"));
    fs::create_directories(dir_.File("database"));
    Write("data/a.csv", "abc");
    Write("data/sub/b.csv", "hello");
    Write("secret.csv", "s");
    Write("database/c.csv", "c");
    roots_ = *AllowedRoots::Make({dir_.File("data")});
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.File(name)) << text;
  }
  std::string ReasonFor(const std::string& path) { return ReasonOf(roots_.Resolve(path).status()); }

  test::TempDir dir_;
  AllowedRoots roots_;
};

TEST_F(LocalFilesTest, FilesBelowARoot) {
  ASSERT_OK_AND_ASSIGN(const LocalFile file, roots_.Resolve(dir_.File("data/sub/../sub/b.csv")));
  EXPECT_EQ(file.size_bytes, 5);
  EXPECT_EQ(file.path, fs::canonical(dir_.File("data/sub/b.csv")).string());
}

TEST_F(LocalFilesTest, WhatLiesOutsideIsRefusedWhetherItExistsOrNot) {
  EXPECT_EQ(ReasonFor(dir_.File("secret.csv")), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonFor(dir_.File("nothing.csv")), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonFor(dir_.File("data/../secret.csv")), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonFor(dir_.File("database/c.csv")),
            "PATH_NOT_ALLOWED");                           // a root's name is no prefix
  EXPECT_EQ(ReasonFor("data/a.csv"), "PATH_NOT_ALLOWED");  // relative
  EXPECT_EQ(ReasonFor(""), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonFor(std::string("/etc/passwd\0.csv", 16)), "PATH_NOT_ALLOWED");
}

TEST_F(LocalFilesTest, SymbolicLinksAreResolvedFirst) {
  fs::create_symlink(dir_.File("secret.csv"), dir_.File("data/link.csv"));
  fs::create_symlink("a.csv", dir_.File("data/inside.csv"));
  fs::create_directory_symlink(dir_.path(), dir_.File("data/up"));
  EXPECT_EQ(ReasonFor(dir_.File("data/link.csv")), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ReasonFor(dir_.File("data/up/secret.csv")), "PATH_NOT_ALLOWED");
  ASSERT_OK_AND_ASSIGN(const LocalFile file, roots_.Resolve(dir_.File("data/inside.csv")));
  EXPECT_EQ(file.path, fs::canonical(dir_.File("data/a.csv")).string());
}

TEST_F(LocalFilesTest, BelowARootButNoFile) {
  EXPECT_THAT(roots_.Resolve(dir_.File("data/nothing.csv")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(roots_.Resolve(dir_.File("data/sub")), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(LocalFilesTest, NoRootsAllowNothingAndSayHow) {
  ASSERT_OK_AND_ASSIGN(const AllowedRoots none, AllowedRoots::Make({}));
  EXPECT_THAT(none.Resolve(dir_.File("data/a.csv")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--allow_root")));
}

TEST_F(LocalFilesTest, RootsMustBeFolders) {
  EXPECT_THAT(AllowedRoots::Make({dir_.File("nowhere")}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AllowedRoots::Make({dir_.File("secret.csv")}),
              StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace winnow::rpc
