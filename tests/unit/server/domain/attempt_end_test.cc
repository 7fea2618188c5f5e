#include "server/domain/attempt_end.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::domain {
namespace {

using testing::HasSubstr;

constexpr AttemptOutcome kOutcomes[] = {AttemptOutcome::kSucceeded,   AttemptOutcome::kFailed,
                                        AttemptOutcome::kYielded,     AttemptOutcome::kCrashed,
                                        AttemptOutcome::kInterrupted, AttemptOutcome::kCancelled};

Job JobIn(JobState state) {
  Job job;
  job.name = {"t", "j"};
  job.state = state;
  job.attempt = 2;
  return job;
}

AttemptEnd EndWith(AttemptOutcome outcome) {
  AttemptEnd end;
  end.outcome = outcome;
  return end;
}

TEST(AttemptEndTest, EveryVerdictIsALegalTransitionAndSaysWhyItFailed) {
  for (const JobState state : {JobState::kRunning, JobState::kCancelling}) {
    for (const AttemptOutcome outcome : kOutcomes) {
      for (const bool pause : {false, true}) {
        for (int crashes = 0; crashes < kCrashLimit; ++crashes) {
          Job job = JobIn(state);
          job.pause_requested = pause;
          job.crashes = crashes;
          const JobVerdict verdict = DecideAfterAttempt(job, EndWith(outcome));
          EXPECT_TRUE(CanTransition(state, verdict.state))
              << JobStateName(state) << " -> " << JobStateName(verdict.state) << " after "
              << AttemptOutcomeName(outcome);
          EXPECT_NE(verdict.state, JobState::kCancelling);
          const bool explained =
              verdict.state == JobState::kFailed || verdict.state == JobState::kCancelled;
          EXPECT_EQ(verdict.error.has_value(), explained);
          if (explained) {
            EXPECT_FALSE(verdict.error->reason.empty());
            EXPECT_FALSE(verdict.error->message.empty());
          }
        }
      }
    }
  }
}

TEST(AttemptEndTest, ACancelledJobKeepsAResultThatCameFirst) {
  const Job job = JobIn(JobState::kCancelling);
  EXPECT_EQ(DecideAfterAttempt(job, EndWith(AttemptOutcome::kSucceeded)).state,
            JobState::kSucceeded);
  EXPECT_EQ(DecideAfterAttempt(job, EndWith(AttemptOutcome::kFailed)).state, JobState::kFailed);
  for (const AttemptOutcome outcome : {AttemptOutcome::kCrashed, AttemptOutcome::kYielded,
                                       AttemptOutcome::kCancelled, AttemptOutcome::kInterrupted}) {
    EXPECT_EQ(DecideAfterAttempt(job, EndWith(outcome)).state, JobState::kCancelled);
  }
}

TEST(AttemptEndTest, YieldGoesWhereItWasAskedTo) {
  Job job = JobIn(JobState::kRunning);
  EXPECT_EQ(DecideAfterAttempt(job, EndWith(AttemptOutcome::kYielded)).state, JobState::kPending);
  job.pause_requested = true;
  const JobVerdict paused = DecideAfterAttempt(job, EndWith(AttemptOutcome::kYielded));
  EXPECT_EQ(paused.state, JobState::kPaused);
  EXPECT_STREQ(paused.reason, reason::kUserRequest);
}

TEST(AttemptEndTest, TheThirdCrashInARowFailsTheJobAndTellsWhatWasSeen) {
  Job job = JobIn(JobState::kRunning);
  AttemptEnd end = EndWith(AttemptOutcome::kCrashed);
  end.exit = ExitInfo{0, 11, false, int64_t{1} << 30};
  job.crashes = 0;
  EXPECT_EQ(DecideAfterAttempt(job, end).crashes, 1);
  job.crashes = 1;
  EXPECT_EQ(DecideAfterAttempt(job, end).state, JobState::kPending);
  job.crashes = 2;
  const JobVerdict verdict = DecideAfterAttempt(job, end);
  EXPECT_EQ(verdict.state, JobState::kFailed);
  EXPECT_EQ(verdict.error->reason, reason::kCrashLoop);
  EXPECT_THAT(verdict.error->message, HasSubstr("ended by signal 11 (peak 1.00 GiB)"));
}

TEST(AttemptEndTest, LeavingForTheServersReasonsIsNoCrash) {
  Job job = JobIn(JobState::kRunning);
  job.crashes = 2;
  for (const AttemptOutcome outcome : {AttemptOutcome::kYielded, AttemptOutcome::kInterrupted}) {
    const JobVerdict verdict = DecideAfterAttempt(job, EndWith(outcome));
    EXPECT_EQ(verdict.state, JobState::kPending);
    EXPECT_EQ(verdict.crashes, 2);
  }
}

TEST(ExitInfoTest, SaysWhatHappened) {
  EXPECT_EQ((ExitInfo{3, 0, false, 0}).ToString(), "the worker ended with exit code 3");
  EXPECT_EQ((ExitInfo{0, 9, true, int64_t{3} << 29}).ToString(),
            "the worker reached its memory limit (peak 1.50 GiB)");
}

}  // namespace
}  // namespace winnow::domain
