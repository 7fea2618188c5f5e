// How long one tenant can make another wait, on the whole scheduler and in virtual time.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

constexpr absl::Duration kJobLength = absl::Minutes(10);
constexpr absl::Duration kStep = absl::Seconds(30);

class FairnessTest : public SchedulerTest {
 protected:
  FairnessTest() {
    options_.job_slots = 2;
    StartServer();
    for (const std::string tenant : {"flood", "quiet"}) MakeDataset("d", tenant);
  }

  // Moves time on; workers attach at once, say that they live, and end kJobLength after their
  // start.
  void Step() {
    Pass(kStep);
    std::vector<domain::AttemptId> running;
    for (const auto& [attempt, process] : launcher_->processes) running.push_back(attempt);
    for (const domain::AttemptId& attempt : running) {
      if (attempt.kind != domain::WorkKind::kJob) continue;
      const auto [started, is_new] = started_.try_emplace(attempt, clock_.Now());
      if (is_new) {
        ASSERT_OK(Attach(attempt).status());
      }
      if (clock_.Now() - started->second < kJobLength) {
        ASSERT_OK(scheduler_->OnHeartbeat(attempt));
      } else {
        ASSERT_OK(Succeed(attempt));
        launcher_->Exit(attempt);
      }
    }
  }

  // From now to the first start of the job.
  absl::Duration WaitOf(const std::string& id, const std::string& tenant) {
    const absl::Time begin = clock_.Now();
    while (started_.count(Attempt(id, 1, tenant)) == 0) {
      Step();
      if (HasFatalFailure() || clock_.Now() - begin > 20 * kJobLength) break;
    }
    return clock_.Now() - begin;
  }

  std::map<domain::AttemptId, absl::Time> started_;
};

TEST_F(FairnessTest, AFloodingTenantDelaysAnotherByOneJobLengthAtMost) {
  for (int i = 0; i < 200; ++i) Submit(absl::StrCat("f", i), 1, "flood");
  for (int round = 0; round < 8; ++round) {
    // At another moment of the flood's jobs each time.
    for (int i = 0; i < 3 * round + 1; ++i) Step();
    const std::string id = absl::StrCat("q", round);
    Submit(id, 1, "quiet");
    EXPECT_LE(WaitOf(id, "quiet"), kJobLength + 2 * kStep) << id;
    ASSERT_FALSE(HasFatalFailure());
  }
}

TEST_F(FairnessTest, ThePriorityOfOneTenantDoesNotReachAnother) {
  for (int i = 0; i < 50; ++i) {
    store::NewJob job = JobOf(absl::StrCat("f", i), 1, "flood");
    job.config.priority = 1000;
    ASSERT_OK(scheduler_->SubmitJob(job, {}).status());
  }
  Step();
  Submit("q", 1, "quiet");
  EXPECT_LE(WaitOf("q", "quiet"), kJobLength + 2 * kStep);
}

}  // namespace
}  // namespace winnow::sched
