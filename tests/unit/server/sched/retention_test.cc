#include "server/sched/retention.h"

#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::JobState;

class RetentionTest : public SchedulerTest {
 protected:
  RetentionTest() {
    StartServer();
    for (const std::string tenant : {"t", "u"}) MakeDataset("d", tenant);
  }

  // Submits and cancels; a worker that has started for it ends at once.
  void End(const std::string& id, const std::string& tenant = "t") {
    Submit(id, 1, tenant);
    ASSERT_OK(scheduler_->CancelJob(Name(id, tenant)).status());
    if (Runs(Attempt(id, 1, tenant))) launcher_->Exit(Attempt(id, 1, tenant));
    ASSERT_EQ(JobNow(id, tenant).state, JobState::kCancelled);
  }

  int64_t DeleteOlderThan(absl::Duration age) {
    const auto deleted =
        DeleteJobsEndedBefore(clock_.Now() - age, files_, layout_, *store_, *scheduler_);
    EXPECT_OK(deleted.status());
    return deleted.ok() ? *deleted : -1;
  }
};

TEST_F(RetentionTest, EndedJobsOfAllTenantsGoWhenTheyAreOldAndNotBefore) {
  End("old", "t");
  End("old", "u");
  clock_.Advance(absl::Hours(47));
  End("young");
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
  constexpr int kJobs = kRetentionPage + 5;
  for (int i = 0; i < kJobs; ++i) End("j" + std::to_string(i));
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(DeleteOlderThan(absl::Hours(1)), kJobs);
}

}  // namespace
}  // namespace winnow::sched
