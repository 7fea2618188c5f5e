#include "server/launch/local_process.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/exit_codes.h"
#include "server/base/failpoints.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::launch {
namespace {

using domain::AttemptId;
using domain::ExitInfo;
using domain::JobAttempt;
using test::StatusIs;
using testing::HasSubstr;

constexpr absl::Duration kDeadline = absl::Seconds(30);

// Collects exits and lets a test wait for them.
class Exits {
 public:
  Launcher::OnExit Callback() {
    return [this](const AttemptId& id, const ExitInfo& exit) {
      absl::MutexLock lock(&mutex_);
      exits_[id.ToString()] = exit;
      ++calls_;
    };
  }
  ExitInfo Wait(const AttemptId& id) {
    absl::MutexLock lock(&mutex_);
    const auto has = [&]() { return exits_.count(id.ToString()) > 0; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&has), kDeadline)) << id.ToString();
    return exits_[id.ToString()];
  }
  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, ExitInfo> exits_;
  int calls_ = 0;
};

class LocalProcessTest : public testing::Test {
 protected:
  // The "worker" is a shell script; $0 … $3 are what the launcher appends.
  std::unique_ptr<Launcher> ShellLauncher(const std::string& script) {
    LocalProcessOptions options;
    options.worker_argv = {"/bin/sh", "-c", script};
    options.server_socket = "/run/winnow.sock";
    options.poll_interval = absl::Milliseconds(20);
    return MakeLocalProcessLauncher(options);
  }
  LaunchSpec Spec(const AttemptId& id, int64_t memory_limit_bytes = 0) {
    LaunchSpec spec;
    spec.attempt = id;
    spec.secret = "s3cret";
    spec.directory = dir_.File(absl::StrCat(id.id, "-", id.number));
    spec.log_file = spec.directory + "/worker.log";
    spec.memory_limit_bytes = memory_limit_bytes;
    return spec;
  }
  std::string LogOf(const AttemptId& id) {
    std::ifstream in(Spec(id).log_file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  const AttemptId one_ = JobAttempt({"t", "j"}, 1);
  test::TempDir dir_;
  Exits exits_;
};

TEST_F(LocalProcessTest, WorkerGetsItsCommandLineSecretAndFolder) {
  ::setenv("WINNOW_TEST_MARK", "yes", 1);
  ::setenv("SECRET_OF_THE_SERVER", "no", 1);
  auto launcher = ShellLauncher(
      "echo $0 $1 $2 $3; echo $WINNOW_WORKER_SECRET $OMP_NUM_THREADS $WINNOW_TEST_MARK; "
      "echo [$SECRET_OF_THE_SERVER]; pwd; exit 7");
  ASSERT_OK(launcher->Launch(Spec(one_), exits_.Callback()));
  const ExitInfo exit = exits_.Wait(one_);
  EXPECT_EQ(exit.exit_code, 7);
  EXPECT_EQ(exit.signal, 0);
  EXPECT_FALSE(exit.hit_memory_limit);
  EXPECT_GT(exit.peak_rss_bytes, 0);
  EXPECT_EQ(LogOf(one_),
            absl::StrCat("--server unix:/run/winnow.sock --attempt tenants/t/jobs/j/attempts/1\n"
                         "s3cret 1 yes\n[]\n",
                         Spec(one_).directory, "\n"));
}

TEST_F(LocalProcessTest, KillEndsItAndIsReportedOnce) {
  auto launcher = ShellLauncher("sleep 1000");
  ASSERT_OK(launcher->Launch(Spec(one_), exits_.Callback()));
  launcher->Kill(one_);
  EXPECT_EQ(exits_.Wait(one_).signal, SIGKILL);
  launcher->Kill(one_);  // nothing happens
  launcher.reset();
  EXPECT_EQ(exits_.calls(), 1);
}

TEST_F(LocalProcessTest, AFailedStartReportsNoExit) {
  LocalProcessOptions options;
  options.worker_argv = {"/no/such/worker"};
  auto launcher = MakeLocalProcessLauncher(options);
  EXPECT_THAT(launcher->Launch(Spec(one_), exits_.Callback()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/worker")));
  ASSERT_OK(server::SetFailpoints("launch.spawn:error"));
  auto shell = ShellLauncher("true");
  EXPECT_THAT(shell->Launch(Spec(one_), exits_.Callback()),
              StatusIs(absl::StatusCode::kInternal, "failpoint launch.spawn"));
  ASSERT_OK(server::SetFailpoints(""));
  launcher.reset();
  shell.reset();
  EXPECT_EQ(exits_.calls(), 0);
}

TEST_F(LocalProcessTest, TheSameAttemptDoesNotRunTwice) {
  auto launcher = ShellLauncher("sleep 1000");
  ASSERT_OK(launcher->Launch(Spec(one_), exits_.Callback()));
  EXPECT_THAT(launcher->Launch(Spec(one_), exits_.Callback()),
              StatusIs(absl::StatusCode::kAlreadyExists));
  launcher->Kill(one_);
  exits_.Wait(one_);
}

TEST_F(LocalProcessTest, MemoryLimitEndsTheWorkerAndIsNamed) {
  // tail keeps its whole input, which has no line end, in memory.
  auto launcher = ShellLauncher("exec tail -n 1 < /dev/zero");
  ASSERT_OK(launcher->Launch(Spec(one_, int64_t{100} << 20), exits_.Callback()));
  const ExitInfo exit = exits_.Wait(one_);
  EXPECT_TRUE(exit.hit_memory_limit) << exit.ToString();
  EXPECT_LT(exit.peak_rss_bytes, int64_t{500} << 20);
}

TEST_F(LocalProcessTest, AWorkerMaySayThatMemoryRanOut) {
  auto launcher = ShellLauncher(absl::StrCat("exit ", server::kExitOutOfMemory));
  ASSERT_OK(launcher->Launch(Spec(one_), exits_.Callback()));
  EXPECT_TRUE(exits_.Wait(one_).hit_memory_limit);
}

TEST_F(LocalProcessTest, AnswerToAnExitMayBeAnotherLaunch) {
  auto launcher = ShellLauncher("exit 0");
  const AttemptId two = JobAttempt({"t", "j"}, 2);
  ASSERT_OK(launcher->Launch(Spec(one_), [&](const AttemptId&, const ExitInfo&) {
    EXPECT_OK(launcher->Launch(Spec(two), exits_.Callback()));
  }));
  EXPECT_EQ(exits_.Wait(two).exit_code, 0);
}

TEST_F(LocalProcessTest, ManyChildrenLeaveNoZombie) {
  auto launcher = ShellLauncher("exit 0");
  std::vector<AttemptId> ids;
  for (int i = 1; i <= 30; ++i) ids.push_back(JobAttempt({"t", "j"}, i));
  for (const AttemptId& id : ids) ASSERT_OK(launcher->Launch(Spec(id), exits_.Callback()));
  for (const AttemptId& id : ids) EXPECT_EQ(exits_.Wait(id).exit_code, 0);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(LocalProcessTest, DestructorKillsReapsAndReports) {
  auto launcher = ShellLauncher("sleep 1000");
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK(launcher->Launch(Spec(JobAttempt({"t", "j"}, i)), exits_.Callback()));
  }
  launcher.reset();
  EXPECT_EQ(exits_.calls(), 3);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace winnow::launch
