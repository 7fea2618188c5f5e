// Scheduler and store in one thread under random users, workers, crashes, drains and kills of the
// server. The seed is printed on failure and replays the run.
//
// What must hold at every step: at most one worker of a job (the launcher checks), slots in use are
// the threads of what runs, an acknowledged job exists, a terminal job stays as it is. And at the
// end, when nobody disturbs any more: every job is over, every log is gapless and legal, nothing is
// left running.
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"
#include "server/sched/scheduler.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::AttemptId;
using domain::AttemptOutcome;
using domain::JobState;

class SimulationTest : public SchedulerTest {
 protected:
  struct Worker {
    bool attached = false;
    bool done = false;
    int64_t next_ordinal = 1;
  };

  int Random(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  std::string SomeJob() {
    if (acknowledged_.empty()) return "none";
    auto it = acknowledged_.begin();
    std::advance(it, Random(static_cast<int>(acknowledged_.size())));
    return *it;
  }

  void UserStep() {
    const std::string id = SomeJob();
    switch (Random(8)) {
      case 0:
      case 1:
      case 2: {
        store::NewJob job = JobOf(absl::StrCat("j", ++submitted_), 1 + Random(2));
        job.config.priority = Random(3);
        if (scheduler_->SubmitJob(job, {}).ok()) acknowledged_.insert(job.name.job);
        break;
      }
      case 3:
        scheduler_->CancelJob(Name(id)).status().IgnoreError();
        break;
      case 4:
        scheduler_->StopJob(Name(id)).status().IgnoreError();
        break;
      case 5:
        scheduler_->PauseJob(Name(id)).status().IgnoreError();
        break;
      case 6:
        scheduler_->ResumeJob(Name(id)).status().IgnoreError();
        break;
      default:
        if (scheduler_->DeleteJob(Name(id)).ok()) {
          acknowledged_.erase(id);
          over_.erase(id);
        }
    }
  }

  std::optional<AttemptId> SomeWorker() {
    if (launcher_->processes.empty()) return std::nullopt;
    auto it = launcher_->processes.begin();
    std::advance(it, Random(static_cast<int>(launcher_->processes.size())));
    return it->first;
  }

  void Report(const AttemptId& attempt, Worker& worker) {
    std::vector<domain::WorkerEvent> events;
    for (int i = Random(3); i >= 0; --i) {
      events.push_back({worker.next_ordinal, absl::StrCat("event ", worker.next_ordinal)});
      ++worker.next_ordinal;
    }
    if (!scheduler_->OnEvents(attempt, events).ok()) return;
    if (Random(3) != 0) return;
    domain::Checkpoint checkpoint;
    checkpoint.path = absl::StrCat("attempt-", attempt.number, "/c", worker.next_ordinal);
    checkpoint.ordinal = worker.next_ordinal - 1;
    checkpoint.plan_version = 1;
    scheduler_->OnCheckpoint(attempt, checkpoint).IgnoreError();
  }

  // One thing that one worker does; `polite` ones do not crash and come to an end.
  void WorkerStep(bool polite) {
    const std::optional<AttemptId> some = SomeWorker();
    if (!some.has_value()) return;
    const AttemptId attempt = *some;
    Worker& worker = workers_[attempt];
    const bool killed = launcher_->processes[attempt].killed;
    if (killed || worker.done || (!polite && Random(8) == 0)) {
      launcher_->Exit(attempt, killed ? domain::ExitInfo{0, 9, false, 0} : domain::ExitInfo{});
      return;
    }
    if (!worker.attached) {
      const auto reply = Attach(attempt);
      if (!reply.ok()) return;
      worker.attached = true;
      if (!reply->checkpoints.empty()) worker.next_ordinal = reply->checkpoints[0].ordinal + 1;
      return;
    }
    switch (Random(polite ? 3 : 6)) {
      case 0:
        worker.done = Succeed(attempt).ok();
        break;
      case 1:
        Report(attempt, worker);
        break;
      case 2:
        scheduler_->OnHeartbeat(attempt).IgnoreError();
        break;
      case 3:
        worker.done = Finish(attempt, AttemptOutcome::kYielded).ok();
        break;
      case 4:
        worker.done = Finish(attempt, AttemptOutcome::kFailed).ok();
        break;
      default:
        scheduler_->OnDetached(attempt);
    }
  }

  void ServerStep() {
    if (Random(3) == 0) {
      scheduler_->StartDrain();
      if (Random(2) == 0) scheduler_->KillAll();
      for (int i = 0; i < 5; ++i) WorkerStep(/*polite=*/false);
    }
    KillServer();
    StartServer();
  }

  void CheckNow() {
    int32_t threads = 0;
    for (const auto& [attempt, process] : launcher_->processes) {
      const auto job = store_->GetJob(attempt.job_name());
      threads += job.ok() ? job->config.threads : 0;
    }
    const SchedulerLoad load = scheduler_->Load();
    EXPECT_LE(load.busy_job_slots, options_.job_slots);
    EXPECT_LE(threads, load.busy_job_slots);
    for (const std::string& id : acknowledged_) {
      const domain::Job job = JobNow(id);
      if (over_.count(id) > 0) {
        EXPECT_EQ(job.state, over_[id]) << id << " changed after its end";
      } else if (domain::IsTerminal(job.state)) {
        over_[id] = job.state;
      }
    }
  }

  void CheckLog(const std::string& id) {
    ASSERT_OK_AND_ASSIGN(const store::EventPage page,
                         store_->ReadEvents(Name(id), 0, {100000, int64_t{1} << 30}));
    int64_t sequence = 0;
    int64_t ordinal = 0;
    JobState state = JobState::kPending;
    for (const domain::JobEvent& event : page.events) {
      EXPECT_EQ(event.sequence, ++sequence);
      if (event.ordinal.has_value()) {
        EXPECT_EQ(*event.ordinal, ++ordinal);
        EXPECT_EQ(event.payload, absl::StrCat("event ", ordinal));
      }
      if (!event.state_change.has_value()) continue;
      EXPECT_TRUE(sequence == 1 || domain::CanTransition(state, event.state_change->to));
      state = event.state_change->to;
    }
    EXPECT_TRUE(domain::IsTerminal(state)) << id << " is " << domain::JobStateName(state);
  }

  void ComeToAnEnd() {
    for (int i = 0; i < 3000; ++i) {
      for (const std::string& id : acknowledged_) {
        if (StateOf(id) != JobState::kPaused) continue;
        EXPECT_OK(scheduler_->ResumeJob(Name(id)));
      }
      WorkerStep(/*polite=*/true);
      Pass(absl::Milliseconds(700));
      if (scheduler_->IsIdle() && scheduler_->Load().queued_jobs == 0) return;
    }
    ADD_FAILURE() << "jobs are still waiting or running";
  }

  std::mt19937 random_;
  int submitted_ = 0;
  std::set<std::string> acknowledged_;
  std::map<std::string, JobState> over_;
  std::map<AttemptId, Worker> workers_;
};

TEST_F(SimulationTest, SurvivesRandomLives) {
  MakeDataset("d");
  for (unsigned seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    random_.seed(seed);
    // Names start again, so that jobs that were deleted are made again.
    for (const std::string& id : std::set<std::string>(acknowledged_)) {
      ASSERT_OK(scheduler_->DeleteJob(Name(id)));
    }
    acknowledged_.clear();
    over_.clear();
    workers_.clear();
    submitted_ = 0;
    for (int step = 0; step < 120; ++step) {
      const int what = Random(20);
      if (what < 6) {
        UserStep();
      } else if (what < 16) {
        WorkerStep(/*polite=*/false);
      } else if (what < 19) {
        Pass(absl::Milliseconds(Random(3000)));
      } else {
        ServerStep();
      }
      CheckNow();
      ASSERT_FALSE(HasFailure()) << "step " << step;
    }
    ComeToAnEnd();
    CheckNow();
    for (const std::string& id : acknowledged_) CheckLog(id);
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(scheduler_->Load().busy_job_slots, 0);
  }
}

}  // namespace
}  // namespace winnow::sched
