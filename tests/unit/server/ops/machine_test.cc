#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "server/base/endpoint.h"
#include "server/ops/memory.h"
#include "server/ops/worker_socket.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::ops_http {
namespace {

constexpr char kMemInfo[] =
    "MemTotal:       16000000 kB\nMemFree:         100000 kB\nMemAvailable:    8000000 kB\n";

TEST(MemoryTest, OfTheMachine) {
  const Memory memory = ParseMemory(kMemInfo, "", "");
  EXPECT_EQ(memory.total_bytes, int64_t{16000000} * 1024);
  EXPECT_EQ(memory.free_bytes, int64_t{8000000} * 1024);
  EXPECT_EQ(ParseMemory(kMemInfo, "max\n", "5\n").total_bytes, memory.total_bytes);
}

TEST(MemoryTest, OfTheContainerWhereThatIsLess) {
  const Memory memory = ParseMemory(kMemInfo, "1000000\n", "400000\n");
  EXPECT_EQ(memory.total_bytes, 1000000);
  EXPECT_EQ(memory.free_bytes, 600000);
  EXPECT_EQ(ParseMemory(kMemInfo, "1000\n", "5000\n").free_bytes, 0);
}

TEST(MemoryTest, UnknownIsZero) { EXPECT_EQ(ParseMemory("", "", "").total_bytes, 0); }

TEST(MemoryTest, ThisMachine) {
  EXPECT_GT(ReadMemory().total_bytes, int64_t{64} << 20);
  EXPECT_LE(ReadMemory().free_bytes, ReadMemory().total_bytes);
}

TEST(WorkerSocketTest, LiesWhereItShouldWhenThatIsShortEnough) {
  test::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto socket, WorkerSocket::Make(dir.File("worker.sock")));
  EXPECT_EQ(socket->path(), dir.File("worker.sock"));
}

TEST(WorkerSocketTest, LongPathsGetAFolderOfTheirOwnThatGoesAgain) {
  const std::string preferred = "/" + std::string(200, 'x') + "/worker.sock";
  std::string folder;
  {
    ASSERT_OK_AND_ASSIGN(const auto socket, WorkerSocket::Make(preferred));
    EXPECT_LE(socket->path().size(), server::kMaxSocketPathBytes);
    folder = std::filesystem::path(socket->path()).parent_path().string();
    struct stat info;
    ASSERT_EQ(::stat(folder.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(WorkerSocketTest, TheRuntimeFolderIsUsedWhereItCanBe) {
  test::TempDir dir;
  const std::string preferred = "/" + std::string(200, 'x') + "/worker.sock";
  const char* before = std::getenv("XDG_RUNTIME_DIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("XDG_RUNTIME_DIR", dir.path().c_str(), 1);
  {
    ASSERT_OK_AND_ASSIGN(const auto socket, WorkerSocket::Make(preferred));
    EXPECT_EQ(socket->path().rfind(dir.path() + "/winnow-", 0), 0u);
  }
  ::setenv("XDG_RUNTIME_DIR", "/no/such/folder", 1);
  {
    ASSERT_OK_AND_ASSIGN(const auto socket, WorkerSocket::Make(preferred));
    EXPECT_EQ(socket->path().rfind("/tmp/winnow-", 0), 0u);
  }
  before == nullptr ? ::unsetenv("XDG_RUNTIME_DIR") : ::setenv("XDG_RUNTIME_DIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace winnow::ops_http
