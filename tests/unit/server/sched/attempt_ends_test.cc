// How attempts end otherwise than well: crashes, deadlines, limits, drains, deletes.
#include "server/sched/scheduler.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::AttemptOutcome;
using domain::JobState;
using test::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;
namespace reason = domain::reason;

class AttemptEndsTest : public SchedulerTest {};

TEST_F(AttemptEndsTest, CrashStartsAgainAfterABackoffFromTheNewestCheckpoint) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  domain::Checkpoint checkpoint;
  checkpoint.path = "attempt-1/a.ckpt";
  checkpoint.plan_version = 1;
  ASSERT_OK(scheduler_->OnCheckpoint(Attempt("j"), checkpoint));
  launcher_->Exit(Attempt("j"), {0, 11, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kPending);
  EXPECT_FALSE(Runs(Attempt("j", 2)));
  Pass(absl::Milliseconds(500));
  ASSERT_TRUE(Runs(Attempt("j", 2)));
  ASSERT_OK_AND_ASSIGN(const AttachReply reply, Attach(Attempt("j", 2)));
  ASSERT_EQ(reply.checkpoints.size(), 1u);
  EXPECT_EQ(reply.checkpoints[0].path, "attempt-1/a.ckpt");
}

TEST_F(AttemptEndsTest, ThreeCrashesEndTheJob) {
  Submit("j");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(Runs(Attempt("j", attempt)));
    launcher_->Exit(Attempt("j", attempt), {139, 0, false, 0});
    Pass(absl::Seconds(10));
  }
  const domain::Job job = JobNow("j");
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error->reason, reason::kCrashLoop);
  EXPECT_THAT(job.error->message, HasSubstr("exit code 139"));
}

TEST_F(AttemptEndsTest, AWorkerThatCannotBeStartedCountsAsACrash) {
  launcher_->next_launch = absl::NotFoundError("cannot execute /no/worker");
  Submit("j");
  EXPECT_EQ(StateOf("j"), JobState::kPending);
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 0);
  for (int i = 0; i < 2; ++i) {
    launcher_->next_launch = absl::NotFoundError("cannot execute /no/worker");
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_THAT(JobNow("j").error->message, HasSubstr("cannot execute /no/worker"));
}

TEST_F(AttemptEndsTest, MemoryLimitFailsTheJobWithoutAnotherTry) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, true, int64_t{2} << 30});
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(JobNow("j").error->reason, reason::kWorkerOutOfMemory);
  EXPECT_THAT(JobNow("j").error->message, HasSubstr("memory limit (peak 2.00 GiB)"));
}

TEST_F(AttemptEndsTest, DeadlinesOfAWorker) {
  Submit("late");
  Submit("silent");
  ASSERT_OK(Attach(Attempt("silent")));
  Pass(absl::Seconds(20));
  ASSERT_OK(scheduler_->OnHeartbeat(Attempt("silent")));
  Pass(absl::Seconds(10));
  EXPECT_TRUE(IsKilled(Attempt("late")));
  EXPECT_FALSE(IsKilled(Attempt("silent")));
  Pass(absl::Seconds(20));
  EXPECT_TRUE(IsKilled(Attempt("silent")));
  launcher_->Exit(Attempt("late"), {0, 9, false, 0});
  launcher_->Exit(Attempt("silent"), {0, 9, false, 0});
  EXPECT_EQ(JobNow("late").crashes, 1);
  EXPECT_EQ(JobNow("silent").crashes, 1);
}

TEST_F(AttemptEndsTest, AWorkerThatLostItsConnectionIsEndedSoon) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  scheduler_->OnDetached(Attempt("j"));
  Pass(absl::Seconds(4));
  EXPECT_FALSE(IsKilled(Attempt("j")));
  Pass(absl::Seconds(1));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(JobNow("j").crashes, 1);
}

TEST_F(AttemptEndsTest, AWorkerThatLingersAfterItsLastWordIsEndedButItsResultStays) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(Succeed(Attempt("j")));
  Pass(absl::Seconds(5));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_F(AttemptEndsTest, WallClockLimitStopsThenKills) {
  MakeDataset("d");
  store::NewJob job = JobOf("j");
  job.config.wall_clock_limit = absl::Minutes(10);
  ASSERT_OK(scheduler_->SubmitJob(job, {}));
  ASSERT_OK(Attach(Attempt("j")));
  const auto pass = [&](absl::Duration time) {
    for (absl::Duration t; t < time; t += absl::Seconds(10)) {
      ASSERT_OK(scheduler_->OnHeartbeat(Attempt("j")));
      Pass(absl::Seconds(10));
    }
  };
  pass(absl::Minutes(9));
  EXPECT_TRUE(control_.Take().empty());
  pass(absl::Minutes(1));
  EXPECT_THAT(control_.Take(), ElementsAre("stop tenants/t/jobs/j/attempts/1"));
  EXPECT_TRUE(JobNow("j").stop_requested);
  EXPECT_FALSE(IsKilled(Attempt("j")));
  pass(absl::Seconds(30));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(JobNow("j").error->reason, reason::kWallClockExceeded);
}

TEST_F(AttemptEndsTest, WallClockCountsEarlierAttempts) {
  MakeDataset("d");
  store::NewJob job = JobOf("j");
  job.config.wall_clock_limit = absl::Seconds(60);
  ASSERT_OK(scheduler_->SubmitJob(job, {}));
  ASSERT_OK(Attach(Attempt("j")));
  clock_.Advance(absl::Seconds(25));
  launcher_->Exit(Attempt("j"), {0, 11, false, 0});
  Pass(absl::Seconds(1));
  ASSERT_OK(Attach(Attempt("j", 2)));
  Pass(absl::Seconds(29));
  ASSERT_OK(scheduler_->OnHeartbeat(Attempt("j", 2)));
  EXPECT_TRUE(control_.Take().empty());
  Pass(absl::Seconds(6));
  EXPECT_THAT(control_.Take(), ElementsAre("stop tenants/t/jobs/j/attempts/2"));
}

TEST_F(AttemptEndsTest, DrainYieldsEverythingAndTheNextServerGoesOn) {
  Submit("polite");
  Submit("stubborn");
  Submit("waiting");
  ASSERT_OK(Attach(Attempt("polite")));
  ASSERT_OK(Attach(Attempt("stubborn")));
  scheduler_->StartDrain();
  EXPECT_THAT(control_.Take(), ElementsAre("yield tenants/t/jobs/polite/attempts/1",
                                           "yield tenants/t/jobs/stubborn/attempts/1"));
  ASSERT_OK(Finish(Attempt("polite"), AttemptOutcome::kYielded));
  launcher_->Exit(Attempt("polite"));
  EXPECT_FALSE(Runs(Attempt("waiting")));
  EXPECT_FALSE(scheduler_->IsIdle());
  scheduler_->KillAll();
  EXPECT_TRUE(IsKilled(Attempt("stubborn")));
  launcher_->Exit(Attempt("stubborn"), {0, 9, false, 0});
  EXPECT_TRUE(scheduler_->IsIdle());
  EXPECT_EQ(StateOf("polite"), JobState::kPending);
  EXPECT_EQ(StateOf("stubborn"), JobState::kPending);
  EXPECT_EQ(JobNow("stubborn").crashes, 0);
  KillServer();
  StartServer();
  EXPECT_TRUE(Runs(Attempt("polite", 2)));
  EXPECT_TRUE(Runs(Attempt("stubborn", 2)));
  EXPECT_FALSE(Runs(Attempt("waiting")));
}

TEST_F(AttemptEndsTest, AfterAKillOfTheServerJobsRunAgainAndOldWorkersAreRefused) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(scheduler_->OnEvents(Attempt("j"), {{1, "a"}}));
  KillServer();
  StartServer();
  ASSERT_TRUE(Runs(Attempt("j", 2)));
  EXPECT_THAT(scheduler_->OnEvents(Attempt("j"), {{2, "b"}}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(scheduler_->OnHeartbeat(Attempt("j")), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(scheduler_->OnAttached(Attempt("j"), "secret1"),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Succeed(Attempt("j")), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(Attach(Attempt("j", 2)));
  EXPECT_OK(scheduler_->OnEvents(Attempt("j", 2), {{1, "a"}, {2, "b"}}));
}

TEST_F(AttemptEndsTest, DeleteRemovesTheFolderWithTheWorkerThatStillHoldsIt) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  EXPECT_THAT(scheduler_->DeleteJob(Name("j")), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK(Succeed(Attempt("j")));
  ASSERT_OK(scheduler_->DeleteJob(Name("j")));
  EXPECT_TRUE(FileExists(layout_.JobDir(Name("j"))));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  Submit("j");  // the name is free again, but its folder is not
  EXPECT_EQ(StateOf("j"), JobState::kPending);
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  EXPECT_FALSE(FileExists(layout_.JobDir(Name("j")) + "/attempt-1/selection.json"));
}

TEST_F(AttemptEndsTest, DeleteOfAFinishedJobRemovesItsFolderAtOnce) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(Succeed(Attempt("j")));
  launcher_->Exit(Attempt("j"));
  ASSERT_OK(scheduler_->DeleteJob(Name("j")));
  EXPECT_FALSE(FileExists(layout_.JobDir(Name("j"))));
  EXPECT_TRUE(FileExists(layout_.root() + "/jobs/t"));
}

TEST_F(AttemptEndsTest, AJobWhoseDatasetFilesAreGoneFails) {
  Submit("one", 2);
  Submit("two");
  ASSERT_OK(server::RealFileSystem()->RemoveAll(layout_.TableDir({"t", "d"})));
  ASSERT_OK(Attach(Attempt("one")));
  ASSERT_OK(Succeed(Attempt("one")));
  launcher_->Exit(Attempt("one"));
  EXPECT_EQ(StateOf("two"), JobState::kFailed);
  EXPECT_EQ(JobNow("two").error->reason, reason::kDatasetGone);
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 0);
}

TEST_F(AttemptEndsTest, AJobWhoseParentsFilesAreGoneFails) {
  Submit("parent");
  ASSERT_OK(Attach(Attempt("parent")));
  ASSERT_OK(Succeed(Attempt("parent")));
  launcher_->Exit(Attempt("parent"));
  Submit("one", 2);  // takes every slot
  store::NewJob child = JobOf("child", 1, "t");
  child.config.parent_job = "parent";
  ASSERT_OK(scheduler_->SubmitJob(child, {}));
  ASSERT_OK(server::RealFileSystem()->RemoveAll(layout_.JobDir(Name("parent"))));
  ASSERT_OK(Attach(Attempt("one")));
  ASSERT_OK(Succeed(Attempt("one")));
  launcher_->Exit(Attempt("one"));
  EXPECT_EQ(StateOf("child"), JobState::kFailed);
  EXPECT_EQ(JobNow("child").error->reason, reason::kParentGone);
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 0);
}

}  // namespace
}  // namespace winnow::sched
