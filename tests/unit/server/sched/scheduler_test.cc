// The life of a job from submit to exit, and what users may ask meanwhile.
#include "server/sched/scheduler.h"

#include "absl/strings/str_cat.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::AttemptOutcome;
using domain::JobState;
using test::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;
namespace reason = domain::reason;

TEST_F(SchedulerTest, AJobRunsFromSubmitToSuccess) {
  Submit("j");
  ASSERT_TRUE(Runs(Attempt("j")));
  const launch::LaunchSpec& spec = launcher_->processes[Attempt("j")].spec;
  EXPECT_EQ(spec.directory, dir_.path() + "/jobs/t/j/attempt-1");
  EXPECT_EQ(spec.log_file, spec.directory + "/worker.log");
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  ASSERT_OK_AND_ASSIGN(const AttachReply reply, Attach(Attempt("j")));
  EXPECT_EQ(reply.job.config.spec, "spec");
  EXPECT_EQ(reply.directory, spec.directory);
  EXPECT_FALSE(reply.stop_requested || reply.yield_requested || reply.cancel_requested);
  ASSERT_OK(scheduler_->OnEvents(Attempt("j"), {{1, "picked"}}));
  ASSERT_OK(Succeed(Attempt("j")));
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 1);  // the process is still there
  domain::ExitInfo exit;
  exit.peak_rss_bytes = 4711;
  launcher_->Exit(Attempt("j"), exit);
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 0);
  EXPECT_TRUE(scheduler_->IsIdle());
  EXPECT_EQ(store_->ListAttempts(Name("j"))->at(0).exit->peak_rss_bytes, 4711);
  EXPECT_THAT(changes_, ElementsAre("j SUCCEEDED"));
}

TEST_F(SchedulerTest, JobsWaitForSlotsAndAThreadIsASlot) {
  Submit("one");
  Submit("wide", 2);
  Submit("two");
  EXPECT_TRUE(Runs(Attempt("one")));
  EXPECT_FALSE(Runs(Attempt("wide")));
  EXPECT_FALSE(Runs(Attempt("two"))) << "it must not overtake";
  launcher_->Exit(Attempt("one"), {0, 9, false, 0});  // crashed: waits behind its backoff
  EXPECT_TRUE(Runs(Attempt("wide")));
  EXPECT_EQ(scheduler_->Load().busy_job_slots, 2);
  EXPECT_EQ(scheduler_->Load().queued_jobs, 2);
  EXPECT_THAT(scheduler_->SubmitJob(JobOf("wider", 3), {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 threads")));
}

TEST_F(SchedulerTest, TenantsTakeTurns) {
  options_.job_slots = 1;
  KillServer();
  StartServer();
  Submit("a1", 1, "a");
  Submit("a2", 1, "a");
  Submit("a3", 1, "a");
  Submit("b1", 1, "b");
  const auto finish = [&](const std::string& id, const std::string& tenant) {
    ASSERT_TRUE(Runs(Attempt(id, 1, tenant))) << id;
    ASSERT_OK(Attach(Attempt(id, 1, tenant)));
    ASSERT_OK(Succeed(Attempt(id, 1, tenant)));
    launcher_->Exit(Attempt(id, 1, tenant));
  };
  finish("a1", "a");
  finish("b1", "b");
  finish("a2", "a");
  finish("a3", "a");
}

TEST_F(SchedulerTest, RunningLimitOfATenantLeavesSlotsToOthers) {
  options_.tenant_quotas.standard.max_running_jobs = 1;
  KillServer();
  StartServer();
  Submit("a1", 1, "a");
  Submit("a2", 1, "a");
  Submit("b1", 1, "b");
  EXPECT_TRUE(Runs(Attempt("a1", 1, "a")));
  EXPECT_FALSE(Runs(Attempt("a2", 1, "a")));
  EXPECT_TRUE(Runs(Attempt("b1", 1, "b")));
}

TEST_F(SchedulerTest, ATenantMayHaveLimitsOfItsOwn) {
  domain::TenantQuota& quota = options_.tenant_quotas.own["a"];
  quota.max_running_jobs = 1;
  quota.max_queued_jobs = 1;
  quota.max_stored_bytes = 100;
  quota.max_open_uploads = 0;
  KillServer();
  StartServer();
  Submit("a1", 1, "a");
  Submit("a2", 1, "a");
  EXPECT_TRUE(Runs(Attempt("a1", 1, "a")));
  EXPECT_FALSE(Runs(Attempt("a2", 1, "a")));
  const absl::Status full = scheduler_->CheckJob(JobOf("a3", 1, "a"));
  EXPECT_EQ(domain::ReasonOf(full), reason::kTenantQueueFull);
  EXPECT_OK(scheduler_->CheckJob(JobOf("b1", 1, "b")));
  EXPECT_EQ(domain::ReasonOf(scheduler_->CheckUpload("a", 1)), reason::kUploadQuota);
  EXPECT_OK(scheduler_->CheckUpload("b", 101));
}

TEST_F(SchedulerTest, AReplayedSubmitIsAnsweredEvenWhenTheQueueIsFull) {
  MakeDataset("d");
  const store::RequestKey key{"123e4567-e89b-42d3-a456-426614174000", "body"};
  ASSERT_OK(scheduler_->SubmitJob(JobOf("j"), key));
  scheduler_->StartDrain();
  ASSERT_OK_AND_ASSIGN(const store::Created<domain::Job> again,
                       scheduler_->SubmitJob(JobOf("other"), key));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.resource.name, Name("j"));
  EXPECT_THAT(scheduler_->SubmitJob(JobOf("k"), {}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(store_->GetJob(Name("k")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerTest, RefusedSubmitsWriteNothing) {
  MakeDataset("d");
  files_.set_free_bytes(1000);
  const absl::Status status = scheduler_->SubmitJob(JobOf("j"), {}).status();
  EXPECT_EQ(domain::ReasonOf(status), reason::kDiskLow);
  EXPECT_EQ(domain::ReasonOf(scheduler_->CheckJob(JobOf("j"))), reason::kDiskLow);
  EXPECT_EQ(domain::ReasonOf(scheduler_->CheckUpload("t", 1)), reason::kDiskLow);
  EXPECT_THAT(store_->GetJob(Name("j")), StatusIs(absl::StatusCode::kNotFound));
  files_.set_free_bytes(int64_t{1} << 40);
  EXPECT_OK(scheduler_->CheckJob(JobOf("j")));
  EXPECT_OK(scheduler_->CheckUpload("t", 1));
}

TEST_F(SchedulerTest, QueueBoundCountsWaitingJobs) {
  options_.tenant_quotas.standard.max_queued_jobs = 2;
  KillServer();
  StartServer();
  for (int i = 0; i < 4; ++i) Submit(absl::StrCat("j", i));  // two run, two wait
  EXPECT_EQ(domain::ReasonOf(scheduler_->SubmitJob(JobOf("j4"), {}).status()),
            reason::kTenantQueueFull);
}

TEST_F(SchedulerTest, AJobWaitsForMemoryThatOthersUse) {
  store::NewJob large = JobOf("large");
  large.config.memory_estimate_bytes = int64_t{10} << 30;
  MakeDataset("d");
  memory_free_bytes_ = int64_t{1} << 30;
  ASSERT_OK(scheduler_->SubmitJob(large, {}));
  EXPECT_TRUE(Runs(Attempt("large"))) << "alone it starts: waiting would not help";
  store::NewJob second = JobOf("second");
  second.config.memory_estimate_bytes = int64_t{7} << 30;
  memory_free_bytes_ = int64_t{12} << 30;  // the first has not taken its share yet
  ASSERT_OK(scheduler_->SubmitJob(second, {}));
  EXPECT_FALSE(Runs(Attempt("second")));
  ASSERT_OK(Attach(Attempt("large")));
  ASSERT_OK(Succeed(Attempt("large")));
  launcher_->Exit(Attempt("large"));
  EXPECT_TRUE(Runs(Attempt("second")));
}

TEST_F(SchedulerTest, CancelAsksFirstAndKillsAfterItsGrace) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  EXPECT_EQ(scheduler_->CancelJob(Name("j"))->state, JobState::kCancelling);
  EXPECT_THAT(control_.Take(), ElementsAre("cancel tenants/t/jobs/j/attempts/1"));
  Pass(absl::Milliseconds(1400));
  EXPECT_FALSE(IsKilled(Attempt("j")));
  Pass(absl::Milliseconds(100));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  const domain::Job job = JobNow("j");
  EXPECT_EQ(job.state, JobState::kCancelled);
  EXPECT_EQ(job.error->reason, reason::kCancelled);
  EXPECT_TRUE(scheduler_->IsIdle());
}

TEST_F(SchedulerTest, CancelOfAWorkerThatHasNotConnectedKillsAtOnce) {
  Submit("j");
  ASSERT_OK(scheduler_->CancelJob(Name("j")));
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kCancelled);
}

TEST_F(SchedulerTest, CancelWhileTheProcessIsBeingMade) {
  launcher_->during_launch = [&](const launch::LaunchSpec&) {
    EXPECT_OK(scheduler_->CancelJob(Name("j")));
  };
  Submit("j");
  EXPECT_TRUE(IsKilled(Attempt("j")));
  launcher_->Exit(Attempt("j"), {0, 9, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kCancelled);
}

TEST_F(SchedulerTest, CancelOfAWaitingJobNeverStartsIt) {
  Submit("one", 2);
  Submit("two");
  EXPECT_EQ(scheduler_->CancelJob(Name("two"))->state, JobState::kCancelled);
  launcher_->Exit(Attempt("one"), {1, 0, false, 0});
  EXPECT_FALSE(Runs(Attempt("two")));
}

TEST_F(SchedulerTest, AWorkerMayEndItselfOnCancel) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(scheduler_->CancelJob(Name("j")));
  ASSERT_OK(Finish(Attempt("j"), AttemptOutcome::kCancelled));
  EXPECT_EQ(StateOf("j"), JobState::kCancelled);
  launcher_->Exit(Attempt("j"));
}

TEST_F(SchedulerTest, StopIsPassedOnAndTheResultSaysSo) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(scheduler_->StopJob(Name("j")));
  EXPECT_THAT(control_.Take(), ElementsAre("stop tenants/t/jobs/j/attempts/1"));
  ASSERT_OK(Succeed(Attempt("j"), /*stopped_early=*/true));
  EXPECT_TRUE(JobNow("j").stopped_early);
}

TEST_F(SchedulerTest, AWorkerThatConnectsLateIsToldWhatWasAsked) {
  Submit("j");
  ASSERT_OK(scheduler_->StopJob(Name("j")));
  ASSERT_OK(scheduler_->PauseJob(Name("j")));
  ASSERT_OK_AND_ASSIGN(const AttachReply reply, Attach(Attempt("j")));
  EXPECT_TRUE(reply.stop_requested);
  EXPECT_TRUE(reply.yield_requested);
}

TEST_F(SchedulerTest, PauseYieldsAndResumeStartsTheNextAttempt) {
  Submit("j");
  ASSERT_OK(Attach(Attempt("j")));
  ASSERT_OK(scheduler_->PauseJob(Name("j")));
  EXPECT_THAT(control_.Take(), ElementsAre("yield tenants/t/jobs/j/attempts/1"));
  ASSERT_OK(Finish(Attempt("j"), AttemptOutcome::kYielded));
  EXPECT_EQ(StateOf("j"), JobState::kPaused);
  // Resume before the old process is gone: the new one waits for that.
  ASSERT_OK(scheduler_->ResumeJob(Name("j")));
  EXPECT_FALSE(Runs(Attempt("j", 2)));
  launcher_->Exit(Attempt("j"));
  EXPECT_TRUE(Runs(Attempt("j", 2)));
}

}  // namespace
}  // namespace winnow::sched
