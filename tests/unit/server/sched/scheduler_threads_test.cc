// The scheduler under many threads at once: users, workers and a ticker that do not wait for each
// other.
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "server/base/ticker.h"
#include "server/sched/scheduler.h"
#include "server/store/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::sched {
namespace {

using domain::AttemptId;
using domain::AttemptOutcome;

// A process is a task on a pool: it attaches, reports, finishes (or crashes, every fifth) and
// exits.
class TaskLauncher final : public launch::Launcher {
 public:
  explicit TaskLauncher(Scheduler** scheduler) : scheduler_(scheduler), pool_(3) {}

  absl::Status Launch(const launch::LaunchSpec& spec, OnExit on_exit) override {
    pool_.Schedule([this, spec, on_exit = std::move(on_exit)] { Work(spec, on_exit); });
    return absl::OkStatus();
  }
  // It ends soon by itself.
  void Kill(const AttemptId&) override {}

 private:
  void Work(const launch::LaunchSpec& spec, const OnExit& on_exit) {
    Scheduler& scheduler = **scheduler_;
    domain::ExitInfo exit;
    const auto reply = scheduler.OnAttached(spec.attempt, spec.secret);
    if (++count_ % 5 == 0) {
      exit.signal = 11;
    } else if (reply.ok()) {
      const int64_t next = reply->job.last_ordinal + 1;
      scheduler.OnEvents(spec.attempt, {{next, absl::StrCat("event ", next)}}).IgnoreError();
      scheduler.OnHeartbeat(spec.attempt).IgnoreError();
      domain::AttemptEnd end;
      end.outcome = reply->yield_requested ? AttemptOutcome::kYielded : AttemptOutcome::kSucceeded;
      scheduler.OnFinished(spec.attempt, end).IgnoreError();
    }
    on_exit(spec.attempt, exit);
  }

  Scheduler** const scheduler_;
  std::atomic<int> count_{0};
  server::ThreadPoolExecutor pool_;  // destroyed first: runs what is left
};

// The test waits for states here instead of asking again and again.
class Changes {
 public:
  void Note(const domain::Job& job) {
    absl::MutexLock lock(&mutex_);
    if (domain::IsTerminal(job.state)) over_.insert(job.name.job);
  }
  bool WaitFor(size_t jobs) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return over_.size() >= jobs; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(120));
  }

 private:
  absl::Mutex mutex_;
  std::set<std::string> over_ ABSL_GUARDED_BY(mutex_);
};

TEST(SchedulerThreadsTest, UsersWorkersAndTheClockDoNotGetInEachOthersWay) {
  constexpr int kUsers = 4;
  constexpr int kJobs = 15;
  const test::TempDir dir;
  server::SystemClock clock;
  server::ThreadPoolExecutor starts(2);
  Changes changes;
  ASSERT_OK_AND_ASSIGN(auto store, store::OpenSqliteStore(dir.File("winnow.db"), &clock));
  SchedulerOptions options;
  options.data_dir = dir.path();
  options.job_slots = 3;
  options.crash_backoff = absl::Milliseconds(1);
  Scheduler* address = nullptr;
  std::unique_ptr<Scheduler> scheduler;
  auto launcher = std::make_unique<TaskLauncher>(&address);
  SchedulerDeps deps;
  deps.clock = &clock;
  deps.files = server::RealFileSystem();
  deps.executor = &starts;
  deps.ids = server::SystemIdSource();
  deps.store = store.get();
  deps.launcher = launcher.get();
  deps.on_job_changed = [&](const domain::Job& job) { changes.Note(job); };
  scheduler = MakeScheduler(options, deps);
  address = scheduler.get();
  ASSERT_OK(scheduler->Start());
  auto ticker = std::make_unique<server::Ticker>(absl::Milliseconds(5), [&] { scheduler->Tick(); });

  std::vector<std::thread> users;
  for (int user = 0; user < kUsers; ++user) {
    users.emplace_back([&, user] {
      for (int i = 0; i < kJobs; ++i) {
        store::NewJob job;
        job.name = {absl::StrCat("t", user % 2), absl::StrCat("j", user, "-", i)};
        job.config.threads = 1 + i % 2;
        EXPECT_OK(scheduler->SubmitJob(job, {}));
        if (i % 3 == 0) scheduler->CancelJob(job.name).status().IgnoreError();
        if (i % 4 == 0) scheduler->PauseJob(job.name).status().IgnoreError();
        if (i % 4 == 0) scheduler->ResumeJob(job.name).status().IgnoreError();
        if (i % 5 == 0) scheduler->StopJob(job.name).status().IgnoreError();
        scheduler->Load();
      }
    });
  }
  for (std::thread& user : users) user.join();
  const auto resume_all = [&] {
    for (const char* tenant : {"t0", "t1"}) {
      const auto paused = domain::ParseFilter("state=PAUSED", domain::FilterTarget::kJobs);
      ASSERT_OK_AND_ASSIGN(const auto page, store->ListJobs(tenant, *paused, {1000, ""}));
      for (const domain::Job& job : page.items)
        scheduler->ResumeJob(job.name).status().IgnoreError();
    }
  };
  {
    // A pause that came after its resume is taken back.
    server::Ticker resumer(absl::Milliseconds(20), resume_all);
    EXPECT_TRUE(changes.WaitFor(kUsers * kJobs)) << "some job does not come to an end";
  }

  scheduler->StartDrain();
  scheduler->KillAll();
  ticker.reset();
  launcher.reset();
  EXPECT_TRUE(scheduler->IsIdle());
  EXPECT_EQ(scheduler->Load().busy_job_slots, 0);
}

}  // namespace
}  // namespace winnow::sched
