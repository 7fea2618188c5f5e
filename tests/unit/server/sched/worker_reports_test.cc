// What the scheduler believes of what workers say.
#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::AttemptOutcome;
using domain::JobState;
using test::StatusIs;
using testing::HasSubstr;
namespace reason = domain::reason;

class WorkerReportsTest : public SchedulerTest {
 protected:
  WorkerReportsTest() {
    Submit("j");
    EXPECT_TRUE(Runs(one_));
  }
  absl::Status SucceedWith(const domain::Artifact& artifact) {
    domain::AttemptEnd end;
    end.outcome = AttemptOutcome::kSucceeded;
    end.artifacts = {artifact};
    return scheduler_->OnFinished(one_, end);
  }
  void WriteOwnFile(const std::string& name, const std::string& bytes) {
    ASSERT_OK(server::WriteFileAtomic(*server::RealFileSystem(),
                                      layout_.AttemptDir(one_) + "/" + name, bytes));
  }
  const domain::AttemptId one_ = Attempt("j");
};

TEST_F(WorkerReportsTest, OnlyTheHolderOfTheSecretAttachesAndOnce) {
  EXPECT_EQ(domain::ReasonOf(scheduler_->OnAttached(one_, "guess").status()), reason::kBadSecret);
  EXPECT_EQ(domain::ReasonOf(scheduler_->OnAttached(one_, "").status()), reason::kBadSecret);
  EXPECT_THAT(scheduler_->OnAttached(Attempt("j", 2), "guess"),
              StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(Attach(one_));
  EXPECT_THAT(Attach(one_), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(WorkerReportsTest, NothingIsTakenFromAWorkerThatHasNotAttached) {
  EXPECT_THAT(scheduler_->OnHeartbeat(one_), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(scheduler_->OnEvents(one_, {{1, "a"}}), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Succeed(one_), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
}

TEST_F(WorkerReportsTest, AnotherStoryFromAResumedAttemptFailsTheJob) {
  ASSERT_OK(Attach(one_));
  ASSERT_OK(scheduler_->OnEvents(one_, {{1, "picked age"}}));
  launcher_->Exit(one_, {0, 11, false, 0});
  Pass(absl::Seconds(1));
  ASSERT_OK(Attach(Attempt("j", 2)));
  EXPECT_EQ(domain::ReasonOf(scheduler_->OnEvents(Attempt("j", 2), {{1, "picked sex"}})),
            reason::kEventMismatch);
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(JobNow("j").error->reason, reason::kEventMismatch);
  EXPECT_TRUE(IsKilled(Attempt("j", 2)));
  launcher_->Exit(Attempt("j", 2), {0, 9, false, 0});
  EXPECT_TRUE(scheduler_->IsIdle());
}

TEST_F(WorkerReportsTest, LastWordIsTakenOnceAndRepeatingItIsHarmless) {
  ASSERT_OK(Attach(one_));
  ASSERT_OK(Succeed(one_));
  EXPECT_OK(Succeed(one_));
  EXPECT_OK(Finish(one_, AttemptOutcome::kFailed));
  EXPECT_EQ(StateOf("j"), JobState::kSucceeded);
  EXPECT_OK(scheduler_->OnHeartbeat(one_));
  EXPECT_THAT(scheduler_->OnEvents(one_, {{1, "late"}}), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(WorkerReportsTest, FailureIsTheJobsEnd) {
  ASSERT_OK(Attach(one_));
  ASSERT_OK(Finish(one_, AttemptOutcome::kFailed));
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
  EXPECT_EQ(JobNow("j").error->reason, reason::kNumericFault);
  launcher_->Exit(one_, {1, 0, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kFailed);
}

TEST_F(WorkerReportsTest, ArtifactsMustBeOnDiskAsReported) {
  ASSERT_OK(Attach(one_));
  const std::string bytes = "0123456789";
  WriteOwnFile("a.bin", bytes);
  const domain::Artifact good{"a.bin", "attempt-1/a.bin", 10, server::Sha256Hex(bytes), {}};
  domain::Artifact artifact = good;
  artifact.path = "attempt-1/none";
  EXPECT_THAT(SucceedWith(artifact),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a.bin is missing")));
  artifact = good;
  artifact.size_bytes = 11;
  EXPECT_THAT(SucceedWith(artifact),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("has 10 bytes, 11 were reported")));
  artifact = good;
  artifact.sha256 = std::string(64, '0');
  EXPECT_THAT(SucceedWith(artifact), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("SHA-256")));
  for (const char* path : {"a.bin", "attempt-2/a.bin", "attempt-1/../attempt-1/a.bin",
                           "/etc/passwd", "attempt-1/", "attempt-1/.."}) {
    artifact = good;
    artifact.path = path;
    EXPECT_THAT(SucceedWith(artifact), StatusIs(absl::StatusCode::kInvalidArgument)) << path;
  }
  artifact = good;
  artifact.id = "../x";
  EXPECT_THAT(SucceedWith(artifact), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(StateOf("j"), JobState::kRunning);
  EXPECT_OK(SucceedWith(good));
  EXPECT_EQ(store_->ListArtifacts(Name("j"))->size(), 1u);
}

TEST_F(WorkerReportsTest, AFailedCheckLeavesTheAttemptToItsExit) {
  ASSERT_OK(Attach(one_));
  EXPECT_THAT(SucceedWith({"a", "attempt-1/a", 1, "", {}}), StatusIs(absl::StatusCode::kDataLoss));
  launcher_->Exit(one_, {1, 0, false, 0});
  EXPECT_EQ(StateOf("j"), JobState::kPending);
  EXPECT_EQ(JobNow("j").crashes, 1);
}

TEST_F(WorkerReportsTest, TheLoadTellsOfCheckpointsSlotsAndWaitingJobs) {
  ASSERT_OK(Attach(one_));
  const absl::Duration before = scheduler_->Load().busy_slot_time;
  clock_.Advance(absl::Seconds(7));
  EXPECT_EQ(scheduler_->Load().oldest_checkpoint_age, absl::Seconds(7));
  WriteOwnFile("c", "x");
  domain::Checkpoint checkpoint;
  checkpoint.path = "attempt-1/c";
  ASSERT_OK(scheduler_->OnCheckpoint(one_, checkpoint));
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(scheduler_->Load().oldest_checkpoint_age, absl::Seconds(3));
  EXPECT_EQ(scheduler_->Load().busy_slot_time - before, absl::Seconds(10));
  const int32_t slots = scheduler_->Load().job_slots;
  Submit("waits", slots);  // for all of them
  clock_.Advance(absl::Seconds(5));
  const QueueLoad queue = scheduler_->Load().queues[PriorityClass(0)];
  EXPECT_EQ(queue.jobs, 1);
  EXPECT_EQ(queue.oldest_age, absl::Seconds(5));
  ASSERT_OK(Succeed(one_));
  launcher_->Exit(one_);
  EXPECT_EQ(scheduler_->Load().queues[PriorityClass(0)].jobs, 0);
  EXPECT_EQ(scheduler_->Load().oldest_checkpoint_age, absl::ZeroDuration());
  EXPECT_EQ(scheduler_->Load().busy_slot_time - before, absl::Seconds(15));
}

TEST_F(WorkerReportsTest, OldCheckpointFilesGoAndFinishedJobsKeepNone) {
  ASSERT_OK(Attach(one_));
  for (int i = 1; i <= 3; ++i) {
    const std::string name = absl::StrCat("c", i);
    WriteOwnFile(name, "x");
    domain::Checkpoint checkpoint;
    checkpoint.path = "attempt-1/" + name;
    ASSERT_OK(scheduler_->OnCheckpoint(one_, checkpoint));
  }
  const std::string folder = layout_.AttemptDir(one_);
  EXPECT_FALSE(FileExists(folder + "/c1"));
  EXPECT_TRUE(FileExists(folder + "/c2"));
  EXPECT_TRUE(FileExists(folder + "/c3"));
  domain::Checkpoint outside;
  outside.path = "../j2/attempt-1/c";
  EXPECT_THAT(scheduler_->OnCheckpoint(one_, outside),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(Succeed(one_));
  launcher_->Exit(one_);
  EXPECT_FALSE(FileExists(folder + "/c2"));
  EXPECT_FALSE(FileExists(folder + "/c3"));
  EXPECT_TRUE(FileExists(folder + "/selection.json"));
}

}  // namespace
}  // namespace winnow::sched
