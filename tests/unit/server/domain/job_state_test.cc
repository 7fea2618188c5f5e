#include "server/domain/job_state.h"

#include <set>
#include <utility>

#include "gtest/gtest.h"

namespace winnow::domain {
namespace {

using enum JobState;

// The published table, written a second time: the two must agree on all 49 pairs.
const std::set<std::pair<JobState, JobState>> kPublished = {
    {kPending, kRunning},   {kPending, kCancelling},   {kPending, kFailed},
    {kRunning, kPending},   {kRunning, kPaused},       {kRunning, kCancelling},
    {kRunning, kSucceeded}, {kRunning, kFailed},       {kPaused, kPending},
    {kPaused, kCancelling}, {kCancelling, kCancelled}, {kCancelling, kSucceeded},
    {kCancelling, kFailed},
};

TEST(JobStateTest, AllowsExactlyThePublishedTransitions) {
  int allowed = 0;
  for (const JobState from : kJobStates) {
    for (const JobState to : kJobStates) {
      EXPECT_EQ(CanTransition(from, to), kPublished.count({from, to}) == 1)
          << JobStateName(from) << " -> " << JobStateName(to);
      allowed += CanTransition(from, to);
    }
  }
  EXPECT_EQ(allowed, 13);
}

TEST(JobStateTest, NothingLeavesATerminalStateAndEveryOtherStateCanReachOne) {
  for (const JobState from : kJobStates) {
    bool leaves = false;
    for (const JobState to : kJobStates) leaves = leaves || CanTransition(from, to);
    EXPECT_EQ(leaves, !IsTerminal(from)) << JobStateName(from);
    std::set<JobState> reached = {from};
    for (size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const JobState middle : std::set<JobState>(reached)) {
        for (const JobState to : kJobStates) {
          if (CanTransition(middle, to)) reached.insert(to);
        }
      }
    }
    bool terminal = false;
    for (const JobState state : reached) terminal = terminal || IsTerminal(state);
    EXPECT_TRUE(terminal) << JobStateName(from);
  }
}

TEST(JobStateTest, NamesGoBothWaysInBothSpellings) {
  for (const JobState state : kJobStates) {
    const std::string name = JobStateName(state);
    EXPECT_EQ(ParseJobState(name), state);
    EXPECT_EQ(ParseJobState("STATE_" + name), state);
  }
  for (const char* bad : {"", "STATE_", "running", "UNSPECIFIED", "STATE_UNSPECIFIED"}) {
    EXPECT_FALSE(ParseJobState(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace winnow::domain
