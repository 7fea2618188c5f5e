#include "server/sched/retention.h"

#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::JobState;

class RetentionTest : public SchedulerTest {
 protected:
  RetentionTest() {
    StartServer();
    for (const std::string tenant : {"t", "u"}) MakeDataset("adult", tenant);
  }

  int64_t DeleteOlderThan(absl::Duration age) {
    const auto deleted =
        DeleteJobsEndedBefore(clock_.Now() - age, files_, layout_, *store_, *scheduler_);
    EXPECT_OK(deleted.status());
    return deleted.ok() ? *deleted : -1;
  }
};

TEST_F(RetentionTest, EndedJobsOfAllTenantsGoWhenTheyAreOldAndNotBefore) {
  Submit("old", 1, "t");
  ASSERT_OK(scheduler_->CancelJob(Name("old", "t")).status());
  Submit("old", 1, "u");
  ASSERT_OK(scheduler_->CancelJob(Name("old", "u")).status());
  clock_.Advance(absl::Hours(47));
  Submit("young");
  ASSERT_OK(scheduler_->CancelJob(Name("young")).status());
  EXPECT_EQ(DeleteOlderThan(absl::Hours(48)), 0);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(DeleteOlderThan(absl::Hours(48)), 2);
  EXPECT_EQ(DeleteOlderThan(absl::Hours(48)), 0);
  EXPECT_EQ(JobNow("young").state, JobState::kCancelled);
  EXPECT_FALSE(store_->GetJob(Name("old", "t")).ok());
  EXPECT_FALSE(store_->GetJob(Name("old", "u")).ok());
}

TEST_F(RetentionTest, WhatHasNotEndedStaysHoweverOldItIs) {
  Submit("runs");
  Pass(absl::ZeroDuration());
  ASSERT_TRUE(Runs(Attempt("runs")));
  ASSERT_OK(Attach(Attempt("runs")).status());
  clock_.Advance(absl::Hours(1000));
  EXPECT_EQ(DeleteOlderThan(absl::Hours(1)), 0);
  EXPECT_EQ(JobNow("runs").state, JobState::kRunning);
}

TEST_F(RetentionTest, ManyJobsTakeMoreThanOnePage) {
  constexpr int kJobs = store::kMaxPageSize + 5;
  options_.tenant_quota.max_queued_jobs = kJobs + 1;
  for (int i = 0; i < kJobs; ++i) {
    const std::string id = "j" + std::to_string(i);
    Submit(id);
    ASSERT_OK(scheduler_->CancelJob(Name(id)).status());
  }
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(DeleteOlderThan(absl::Hours(1)), kJobs);
}

}  // namespace
}  // namespace winnow::sched
