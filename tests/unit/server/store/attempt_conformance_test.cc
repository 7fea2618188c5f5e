// What every store must do with intents and attempts: claim, fence, finish, recover.
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::AttemptOutcome;
using domain::JobState;
using test::StatusIs;
using testing::ElementsAre;
namespace reason = domain::reason;

class AttemptConformanceTest : public StoreTest {
 protected:
  static domain::Checkpoint CheckpointAt(int64_t ordinal, const std::string& path) {
    domain::Checkpoint checkpoint;
    checkpoint.path = path;
    checkpoint.ordinal = ordinal;
    checkpoint.step = ordinal * 10;
    checkpoint.size_bytes = 123;
    checkpoint.sha256 = std::string(64, 'c');
    checkpoint.plan_version = 7;
    return checkpoint;
  }
  JobState StateOf(const std::string& id) { return store().GetJob(Job(id))->state; }
};
INSTANTIATE_TEST_SUITE_P(Stores, AttemptConformanceTest, testing::ValuesIn(AllStores()), StoreName);

TEST_P(AttemptConformanceTest, ClaimStartsTheNextAttemptOnce) {
  MakeJob();
  clock_.Advance(absl::Seconds(5));
  ASSERT_OK_AND_ASSIGN(const Claim claim, store().ClaimForAttempt(Job("j")));
  EXPECT_EQ(claim.job.state, JobState::kRunning);
  EXPECT_EQ(claim.job.attempt, 1);
  EXPECT_EQ(claim.job.start_time, clock_.Now());
  EXPECT_THAT(store().ClaimForAttempt(Job("j")), StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::vector<domain::JobEvent> log = Log(Job("j"));
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[1].state_change->from, JobState::kPending);
  EXPECT_EQ(log[1].state_change->attempt, 1);
  EXPECT_EQ(log[2].kind, domain::EventKind::kAttemptStarted);
  EXPECT_EQ(log[2].attempt_started->attempt, 1);
}

TEST_P(AttemptConformanceTest, SuccessCommitsStateArtifactsAndEventInOneStep) {
  const int64_t revision = MakeRunningJob().revision;
  clock_.Advance(absl::Seconds(90));
  domain::AttemptEnd end = End(AttemptOutcome::kSucceeded);
  end.stopped_early = true;
  end.artifacts = {{"selection.json", "attempt-1/selection.json", 12, std::string(64, 'd'), {}},
                   {"run.json", "attempt-1/run.json", 34, std::string(64, 'e'), {}}};
  end.exit = domain::ExitInfo{0, 0, false, 777};
  ASSERT_OK_AND_ASSIGN(const domain::Job job, store().FinishAttempt(Job("j"), 1, end));
  EXPECT_EQ(job.state, JobState::kSucceeded);
  EXPECT_TRUE(job.stopped_early);
  EXPECT_GT(job.revision, revision);
  EXPECT_EQ(job.end_time, clock_.Now());
  EXPECT_EQ(job.ran, absl::Seconds(90));
  Reopen();
  const domain::JobEvent last = Log(Job("j")).back();
  EXPECT_EQ(last.state_change->to, JobState::kSucceeded);
  EXPECT_TRUE(last.state_change->stopped_early);
  ASSERT_EQ(last.state_change->artifacts.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const std::vector<domain::Artifact> artifacts,
                       store().ListArtifacts(Job("j")));
  ASSERT_EQ(artifacts.size(), 2u);
  EXPECT_EQ(artifacts[1].id, "selection.json");
  EXPECT_EQ(artifacts[1].path, "attempt-1/selection.json");
  EXPECT_EQ(artifacts[1].size_bytes, 12);
  EXPECT_EQ(artifacts[1].create_time, clock_.Now());
  EXPECT_EQ(store().GetArtifact({Job("j"), "run.json"})->sha256, std::string(64, 'e'));
  EXPECT_THAT(store().GetArtifact({Job("j"), "none"}), HasReason(reason::kArtifactNotFound));
  ASSERT_OK_AND_ASSIGN(const std::vector<domain::Attempt> attempts, store().ListAttempts(Job("j")));
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].outcome, "SUCCEEDED");
  EXPECT_EQ(attempts[0].exit->peak_rss_bytes, 777);
}

TEST_P(AttemptConformanceTest, FailureKeepsTheErrorInJobAndEvent) {
  MakeRunningJob();
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kFailed)));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const domain::Job job, store().GetJob(Job("j")));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error->reason, reason::kNumericFault);
  EXPECT_EQ(job.error->message, SomeError().message);
  EXPECT_EQ(Log(Job("j")).back().state_change->error->message, SomeError().message);
}

TEST_P(AttemptConformanceTest, AStaleAttemptCannotWriteAnything) {
  MakeRunningJob();
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kCrashed)));
  const auto expect_fenced = [&](int32_t attempt) {
    const size_t before = Log(Job("j")).size();
    EXPECT_THAT(store().AppendEvents(Job("j"), attempt, {Event(1, "x")}),
                HasReason(reason::kStaleAttempt));
    EXPECT_THAT(store().AddCheckpoint(Job("j"), attempt, CheckpointAt(0, "p")),
                HasReason(reason::kStaleAttempt));
    const absl::Status finish =
        store().FinishAttempt(Job("j"), attempt, End(AttemptOutcome::kSucceeded)).status();
    EXPECT_THAT(finish, StatusIs(absl::StatusCode::kAborted));
    EXPECT_THAT(finish, HasReason(reason::kStaleAttempt));
    EXPECT_EQ(Log(Job("j")).size(), before);
  };
  expect_fenced(1);  // PENDING again: nobody owns it
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  expect_fenced(1);  // attempt 2 owns it
  expect_fenced(3);  // not started yet
  ASSERT_OK(store().FinishAttempt(Job("j"), 2, End(AttemptOutcome::kSucceeded)));
  expect_fenced(2);  // over
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
}

TEST_P(AttemptConformanceTest, CancelEndsWaitingJobsAtOnceAndRunningOnesThroughCancelling) {
  MakeJob("waiting");
  EXPECT_EQ(store().RequestCancel(Job("waiting"))->state, JobState::kCancelled);
  EXPECT_EQ(States(Job("waiting")), "PENDING CANCELLING CANCELLED");
  EXPECT_EQ(store().GetJob(Job("waiting"))->error->reason, reason::kCancelled);

  MakeRunningJob("running");
  EXPECT_EQ(store().RequestCancel(Job("running"))->state, JobState::kCancelling);
  Reopen();
  EXPECT_EQ(StateOf("running"), JobState::kCancelling);
  // Its last events are still taken; then it ends.
  EXPECT_OK(store().AppendEvents(Job("running"), 1, {Event(1, "late")}));
  EXPECT_EQ(store().FinishAttempt(Job("running"), 1, End(AttemptOutcome::kCrashed))->state,
            JobState::kCancelled);
  const size_t events = Log(Job("running")).size();
  EXPECT_EQ(store().RequestCancel(Job("running"))->state, JobState::kCancelled);
  EXPECT_EQ(Log(Job("running")).size(), events);
}

TEST_P(AttemptConformanceTest, AResultThatCameBeforeTheKillBeatsTheCancel) {
  MakeRunningJob();
  ASSERT_OK(store().RequestCancel(Job("j")));
  EXPECT_EQ(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kSucceeded))->state,
            JobState::kSucceeded);
}

TEST_P(AttemptConformanceTest, StopNeedsARunningJobAndSurvivesCrashAndReopen) {
  MakeJob();
  EXPECT_THAT(store().RequestStop(Job("j")), HasReason(reason::kJobNotRunning));
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  EXPECT_TRUE(store().RequestStop(Job("j"))->stop_requested);
  const int64_t revision = store().GetJob(Job("j"))->revision;
  EXPECT_EQ(store().RequestStop(Job("j"))->revision, revision);  // again: unchanged
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kCrashed)));
  Reopen();
  EXPECT_TRUE(store().ClaimForAttempt(Job("j"))->job.stop_requested);
  ASSERT_OK(store().FinishAttempt(Job("j"), 2, End(AttemptOutcome::kSucceeded)));
  EXPECT_THAT(store().RequestStop(Job("j")), HasReason(reason::kJobNotRunning));
}

TEST_P(AttemptConformanceTest, PauseYieldResume) {
  MakeJob();
  EXPECT_THAT(store().RequestPause(Job("j")), HasReason(reason::kJobNotRunning));
  EXPECT_THAT(store().ResumeJob(Job("j")), HasReason(reason::kJobNotPaused));
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  EXPECT_TRUE(store().RequestPause(Job("j"))->pause_requested);
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  ASSERT_OK_AND_ASSIGN(const domain::Job paused,
                       store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kYielded)));
  EXPECT_EQ(paused.state, JobState::kPaused);
  EXPECT_FALSE(paused.pause_requested);
  EXPECT_OK(store().RequestPause(Job("j")));  // already so
  EXPECT_THAT(store().ClaimForAttempt(Job("j")), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(store().ResumeJob(Job("j"))->state, JobState::kPending);
  EXPECT_EQ(store().ClaimForAttempt(Job("j"))->job.attempt, 2);
  EXPECT_EQ(States(Job("j")), "PENDING RUNNING PAUSED PENDING RUNNING");
}

TEST_P(AttemptConformanceTest, ResumeBeforeTheYieldTakesThePauseBack) {
  MakeRunningJob();
  ASSERT_OK(store().RequestPause(Job("j")));
  EXPECT_FALSE(store().ResumeJob(Job("j"))->pause_requested);
  EXPECT_EQ(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kYielded))->state,
            JobState::kPending);
}

TEST_P(AttemptConformanceTest, PausedJobCanBeCancelled) {
  MakeRunningJob();
  ASSERT_OK(store().RequestPause(Job("j")));
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kYielded)));
  EXPECT_EQ(store().RequestCancel(Job("j"))->state, JobState::kCancelled);
}

TEST_P(AttemptConformanceTest, AnOldEtagIsRefused) {
  const int64_t old = MakeJob().revision;
  ASSERT_OK_AND_ASSIGN(const Claim claim, store().ClaimForAttempt(Job("j")));
  const absl::Status status = store().RequestStop(Job("j"), old).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(status, HasReason(reason::kEtagMismatch));
  EXPECT_OK(store().RequestStop(Job("j"), claim.job.revision));
}

TEST_P(AttemptConformanceTest, PendingJobCanFailWhenItsDatasetIsGone) {
  MakeJob();
  EXPECT_EQ(store().FailPendingJob(Job("j"), SomeError())->state, JobState::kFailed);
  EXPECT_THAT(store().FailPendingJob(Job("j"), SomeError()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(AttemptConformanceTest, ThreeCrashesInARowEndTheJobUnlessACheckpointCameBetween) {
  MakeJob();
  for (int attempt = 1; attempt <= 2; ++attempt) {
    ASSERT_OK(store().ClaimForAttempt(Job("j")));
    ASSERT_OK(store().FinishAttempt(Job("j"), attempt, End(AttemptOutcome::kCrashed)));
  }
  EXPECT_EQ(store().GetJob(Job("j"))->crashes, 2);
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  ASSERT_OK(store().AddCheckpoint(Job("j"), 3, CheckpointAt(0, "attempt-3/a.ckpt")));
  ASSERT_OK_AND_ASSIGN(const domain::Job third,
                       store().FinishAttempt(Job("j"), 3, End(AttemptOutcome::kCrashed)));
  EXPECT_EQ(third.state, JobState::kPending);
  EXPECT_EQ(third.crashes, 1);
  for (int attempt = 4; attempt <= 5; ++attempt) {
    ASSERT_OK(store().ClaimForAttempt(Job("j")));
    ASSERT_OK(store().FinishAttempt(Job("j"), attempt, End(AttemptOutcome::kCrashed)));
  }
  ASSERT_OK_AND_ASSIGN(const domain::Job job, store().GetJob(Job("j")));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error->reason, reason::kCrashLoop);
}

TEST_P(AttemptConformanceTest, TheNewestTwoCheckpointsStay) {
  MakeRunningJob();
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a"), Event(2, "b"), Event(3, "c")}));
  EXPECT_TRUE(store().AddCheckpoint(Job("j"), 1, CheckpointAt(1, "one"))->empty());
  EXPECT_TRUE(store().AddCheckpoint(Job("j"), 1, CheckpointAt(2, "two"))->empty());
  ASSERT_OK_AND_ASSIGN(const std::vector<domain::Checkpoint> dropped,
                       store().AddCheckpoint(Job("j"), 1, CheckpointAt(3, "three")));
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].path, "one");
  // A worker that writes to the same two names in turn must not lose the file it has just written.
  EXPECT_EQ(store().AddCheckpoint(Job("j"), 1, CheckpointAt(3, "two"))->size(), 0u);
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kCrashed)));
  ASSERT_OK_AND_ASSIGN(const Claim claim, store().ClaimForAttempt(Job("j")));
  ASSERT_EQ(claim.checkpoints.size(), 2u);
  EXPECT_EQ(claim.checkpoints[0].path, "two");
  EXPECT_EQ(claim.checkpoints[0].ordinal, 3);
  EXPECT_EQ(claim.checkpoints[0].step, 30);
  EXPECT_EQ(claim.checkpoints[0].attempt, 1);
  EXPECT_EQ(claim.checkpoints[1].path, "three");
}

TEST_P(AttemptConformanceTest, ACheckpointAheadOfTheLogIsRefused) {
  MakeRunningJob();
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a")}));
  EXPECT_THAT(store().AddCheckpoint(Job("j"), 1, CheckpointAt(2, "p")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(store().ListCheckpoints(Job("j"))->empty());
}

TEST_P(AttemptConformanceTest, ACheckpointOfAnotherPlanVersionIsNotHandedOut) {
  MakeRunningJob();
  domain::Checkpoint old = CheckpointAt(0, "p");
  old.plan_version = 6;
  ASSERT_OK(store().AddCheckpoint(Job("j"), 1, old));
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kCrashed)));
  EXPECT_TRUE(store().ClaimForAttempt(Job("j"))->checkpoints.empty());
  EXPECT_EQ(store().ListCheckpoints(Job("j"))->size(), 1u);
}

TEST_P(AttemptConformanceTest, ExitThatComesAfterTheEndIsRecordedUnfenced) {
  MakeRunningJob();
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(AttemptOutcome::kSucceeded)));
  ASSERT_OK(store().RecordExit(Job("j"), 1, domain::ExitInfo{0, 9, true, 555}));
  const domain::Attempt attempt = store().ListAttempts(Job("j"))->at(0);
  EXPECT_EQ(attempt.exit->signal, 9);
  EXPECT_TRUE(attempt.exit->hit_memory_limit);
  EXPECT_EQ(attempt.outcome, "SUCCEEDED");
  EXPECT_THAT(store().RecordExit(Job("j"), 2, {}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(AttemptConformanceTest, RecoverySettlesWhatADeadServerLeft) {
  MakeJob("pending");
  MakeRunningJob("running");
  MakeRunningJob("stopping");
  ASSERT_OK(store().RequestStop(Job("stopping")));
  MakeRunningJob("pausing");
  ASSERT_OK(store().RequestPause(Job("pausing")));
  MakeRunningJob("cancelling");
  ASSERT_OK(store().RequestCancel(Job("cancelling")));
  MakeRunningJob("done");
  ASSERT_OK(store().FinishAttempt(Job("done"), 1, End(AttemptOutcome::kSucceeded)));
  clock_.Advance(absl::Seconds(30));
  ASSERT_OK(store().AppendEvents(Job("running"), 1, {Event(1, "a")}));
  clock_.Advance(absl::Hours(5));  // the server is down
  Reopen();
  ASSERT_OK_AND_ASSIGN(const RecoveryReport report, store().Recover());
  EXPECT_EQ(report.requeued, 2);
  EXPECT_EQ(report.paused, 1);
  EXPECT_EQ(report.cancelled, 1);
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(States(Job("pending")), "PENDING");
  EXPECT_EQ(States(Job("running")), "PENDING RUNNING PENDING");
  EXPECT_EQ(Log(Job("running")).back().state_change->reason, reason::kCrash);
  EXPECT_TRUE(store().GetJob(Job("stopping"))->stop_requested);
  EXPECT_EQ(StateOf("pausing"), JobState::kPaused);
  EXPECT_EQ(StateOf("cancelling"), JobState::kCancelled);
  EXPECT_EQ(StateOf("done"), JobState::kSucceeded);
  // The hours that the server was down are not running time.
  EXPECT_EQ(store().GetJob(Job("running"))->ran, absl::Seconds(30));
  EXPECT_THAT(store().AppendEvents(Job("running"), 1, {Event(2, "b")}),
              HasReason(reason::kStaleAttempt));
  EXPECT_EQ(store().ClaimForAttempt(Job("running"))->job.attempt, 2);
  ASSERT_OK_AND_ASSIGN(const RecoveryReport again, store().Recover());
  EXPECT_EQ(again.requeued, 1);  // only what has been claimed since
}

TEST_P(AttemptConformanceTest, AServerThatKeepsDyingOnAJobGivesItUp) {
  MakeJob();
  for (int i = 0; i < domain::kCrashLimit; ++i) {
    ASSERT_OK(store().ClaimForAttempt(Job("j")));
    Reopen();
    ASSERT_OK(store().Recover());
  }
  ASSERT_OK_AND_ASSIGN(const domain::Job job, store().GetJob(Job("j")));
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.error->reason, reason::kCrashLoop);
  EXPECT_THAT(job.error->message, testing::HasSubstr("the server was killed"));
}

}  // namespace
}  // namespace winnow::store
