#include "server/launch/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::launch {
namespace {

using test::StatusIs;
using testing::HasSubstr;

constexpr int kDeadlineMs = 30'000;

class ProcessTest : public testing::Test {
 protected:
  ProcessSpec Shell(const std::string& script) {
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c", script};
    spec.environment = {"PATH=/usr/bin:/bin", "GREETING=hello"};
    spec.directory = dir_.path();
    spec.output_file = dir_.File("log");
    return spec;
  }

  Ended Finish(const Process& process) {
    pollfd fd{process.pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&fd, 1, kDeadlineMs), 1) << "the child does not end";
    const std::optional<Ended> ended = Reap(process.pid);
    EXPECT_TRUE(ended.has_value());
    return ended.value_or(Ended{});
  }

  std::string Content(const std::string& name) {
    std::ifstream in(dir_.File(name));
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  test::TempDir dir_;
};

TEST_F(ProcessTest, RunsWithItsFolderEnvironmentAndOutput) {
  ASSERT_OK_AND_ASSIGN(
      const Process process,
      Spawn(Shell("echo out $GREETING; echo err >&2; pwd; cat; env | grep -c HOME; exit 3")));
  const Ended ended = Finish(process);
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_GT(ended.peak_rss_bytes, 0);
  EXPECT_EQ(Content("log"), absl::StrCat("out hello\nerr\n", dir_.path(), "\n0\n"));
}

TEST_F(ProcessTest, InheritsNoOpenFiles) {
  const int leaked = ::dup(2);  // without O_CLOEXEC
  ASSERT_OK_AND_ASSIGN(const Process process, Spawn(Shell("ls /proc/self/fd | wc -l")));
  Finish(process);
  ::close(leaked);
  EXPECT_EQ(Content("log"), "4\n");  // 0, 1, 2 and the folder that ls reads
}

TEST_F(ProcessTest, StartsWithDefaultSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  ASSERT_OK_AND_ASSIGN(const Process process, Spawn(Shell("kill -PIPE $$; exit 0")));
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(Finish(process).signal, SIGPIPE);
}

TEST_F(ProcessTest, ComesBehindItsServerWhereTheProcessorIsScarce) {
  ASSERT_OK_AND_ASSIGN(const Process process, Spawn(Shell("nice")));
  Finish(process);
  const int ours = ::getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(Content("log"), absl::StrCat(std::min(ours + 5, 19), "\n"));
}

TEST_F(ProcessTest, ErrorsBeforeExecComeBackWithTheStep) {
  ProcessSpec missing = Shell("");
  missing.argv = {"/no/such/program"};
  EXPECT_THAT(Spawn(missing),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot execute /no/such/program")));
  ProcessSpec folder = Shell("");
  folder.directory = "/no/such/folder";
  EXPECT_THAT(Spawn(folder),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot enter /no/such/folder")));
  ProcessSpec output = Shell("");
  output.output_file = "/no/such/log";
  EXPECT_THAT(Spawn(output),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot open output /no/such/log")));
  EXPECT_THAT(Spawn(ProcessSpec{}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a failed start left a child";
}

TEST_F(ProcessTest, KillTakesTheWholeGroup) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const std::string fifo = dir_.File("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ASSERT_OK_AND_ASSIGN(const Process process,
                       Spawn(Shell("sleep 1000 & echo $! > child; echo ready > fifo; wait")));
  ASSERT_EQ(Content("fifo"), "ready\n");  // opening it waits for the writer
  EXPECT_FALSE(Reap(process.pid).has_value());
  KillGroup(process.pid);
  EXPECT_EQ(Finish(process).signal, SIGKILL);
  const pid_t grandchild = std::stoi(Content("child"));
  int status = 0;
  ASSERT_EQ(::waitpid(grandchild, &status, 0), grandchild);  // it is ours now
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ProcessTest, DataLimitStopsTheHeap) {
  ProcessSpec spec = Shell("x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo survived");
  spec.data_limit_bytes = 64 << 20;
  ASSERT_OK_AND_ASSIGN(const Process process, Spawn(spec));
  const Ended ended = Finish(process);
  EXPECT_TRUE(ended.exit_code != 0 || ended.signal != 0);
  EXPECT_THAT(Content("log"), testing::Not(HasSubstr("survived")));
}

TEST_F(ProcessTest, DiesWithItsServer) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t server = ::fork();
  ASSERT_GE(server, 0);
  if (server == 0) {
    const absl::StatusOr<Process> worker = Spawn(Shell("exec sleep 1000"));
    const pid_t pid = worker.ok() ? worker->pid : 0;
    if (::write(ends[1], &pid, sizeof(pid)) < 0) ::_exit(1);
    ::raise(SIGKILL);
  }
  pid_t worker = 0;
  ASSERT_EQ(::read(ends[0], &worker, sizeof(worker)), static_cast<ssize_t>(sizeof(worker)));
  ASSERT_GT(worker, 0);
  ASSERT_EQ(::waitpid(server, nullptr, 0), server);
  int status = 0;
  ASSERT_EQ(::waitpid(worker, &status, 0), worker);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ProcessTest, AnonymousMemoryOfOurselvesIsThereAndOfNobodyIsNot) {
  EXPECT_GT(AnonymousRssBytes(::getpid()), 0);
  EXPECT_EQ(AnonymousRssBytes(1 << 30), 0);
}

}  // namespace
}  // namespace winnow::launch
