// A scheduler on a real store and a real folder, with a clock, workers and an executor that the
// test moves.
#ifndef WINNOW_TESTS_UNIT_SERVER_SCHED_WORLD_TESTING_H_
#define WINNOW_TESTS_UNIT_SERVER_SCHED_WORLD_TESTING_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/executor.h"
#include "server/base/fault_file_system.h"
#include "server/domain/layout.h"
#include "server/sched/scheduler.h"
#include "server/store/store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::sched {

// Processes are entries in a map; the test ends them.
class FakeLauncher final : public launch::Launcher {
 public:
  absl::Status Launch(const launch::LaunchSpec& spec, OnExit on_exit) override;
  void Kill(const domain::AttemptId& attempt) override;

  // The process ends. REQUIRES: it runs.
  void Exit(const domain::AttemptId& attempt, const domain::ExitInfo& exit = {});

  struct Process {
    launch::LaunchSpec spec;
    OnExit on_exit;
    bool killed = false;
  };
  std::map<domain::AttemptId, Process> processes;
  absl::Status next_launch;  // returned once, when not OK
  std::function<void(const launch::LaunchSpec&)> during_launch;
};

// Remembers the commands as "stop tenants/…".
class FakeControl final : public AttemptControl {
 public:
  void Cancel(const domain::AttemptId& attempt) override { Note("cancel ", attempt); }
  void Stop(const domain::AttemptId& attempt) override { Note("stop ", attempt); }
  void Yield(const domain::AttemptId& attempt) override { Note("yield ", attempt); }
  std::vector<std::string> Take() { return std::exchange(commands_, {}); }

 private:
  void Note(const char* command, const domain::AttemptId& attempt) {
    commands_.push_back(command + attempt.ToString());
  }
  std::vector<std::string> commands_;
};

// Ids and secrets in order.
class CountingIds final : public server::IdSource {
 public:
  std::string NewJobId() override { return "j" + std::to_string(++count_); }
  std::string NewSecret() override { return "secret" + std::to_string(++count_); }

 private:
  int count_ = 0;
};

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest();
  ~SchedulerTest() override;

  // Makes (or, after the death of a server, makes again) store and scheduler, and starts it.
  void StartServer();
  // kill -9: nothing is said to anyone; the processes die with the server.
  void KillServer();

  static domain::JobName Name(const std::string& id, const std::string& tenant = "t") {
    return {tenant, id};
  }
  static store::NewJob JobOf(const std::string& id, int32_t threads = 1,
                             const std::string& tenant = "t");
  void MakeDataset(const std::string& id, const std::string& tenant = "t");
  void Submit(const std::string& id, int32_t threads = 1, const std::string& tenant = "t");
  static domain::AttemptId Attempt(const std::string& id, int32_t number = 1,
                                   const std::string& tenant = "t") {
    return domain::JobAttempt({tenant, id}, number);
  }
  bool Runs(const domain::AttemptId& attempt) { return launcher_->processes.count(attempt) > 0; }
  bool IsKilled(const domain::AttemptId& attempt) {
    return Runs(attempt) && launcher_->processes[attempt].killed;
  }
  absl::StatusOr<AttachReply> Attach(const domain::AttemptId& attempt);
  // Writes the artifact into the attempt's folder and says that the job is done.
  absl::Status Succeed(const domain::AttemptId& attempt, bool stopped_early = false);
  absl::Status Finish(const domain::AttemptId& attempt, domain::AttemptOutcome outcome);
  domain::Job JobNow(const std::string& id, const std::string& tenant = "t");
  domain::JobState StateOf(const std::string& id) { return JobNow(id).state; }
  void Pass(absl::Duration time);
  bool FileExists(const std::string& path) { return server::RealFileSystem()->Exists(path); }

  test::TempDir dir_;
  domain::DataDirLayout layout_;
  server::FakeClock clock_;
  server::InlineExecutor executor_;
  server::FaultFileSystem files_;
  CountingIds ids_;
  FakeControl control_;
  SchedulerOptions options_;
  int64_t memory_free_bytes_ = int64_t{8} << 30;
  int64_t memory_total_bytes_ = int64_t{16} << 30;
  std::vector<std::string> changes_;  // "j SUCCEEDED"
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<FakeLauncher> launcher_;
  std::unique_ptr<Scheduler> scheduler_;
};

}  // namespace winnow::sched

#endif  // WINNOW_TESTS_UNIT_SERVER_SCHED_WORLD_TESTING_H_
