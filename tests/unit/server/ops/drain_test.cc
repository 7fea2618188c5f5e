#include "server/ops/drain.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::ops_http {
namespace {

// Notes the steps; waiting moves the clock.

struct Recorder {
  server::FakeClock clock;
  std::vector<std::string> steps;
  int polls_until_idle = 0;  // -1: never

  DrainSteps Steps() {
    DrainSteps drain;
    drain.refuse_new_work = [this] { steps.push_back("refuse"); };
    drain.yield_workers = [this] { steps.push_back("yield"); };
    drain.workers_left = [this] { return polls_until_idle >= 0 && polls_until_idle-- == 0; };
    drain.kill_workers = [this] {
      steps.push_back("kill");
      polls_until_idle = 0;
    };
    drain.end_watches = [this] { steps.push_back("watches"); };
    drain.stop_serving = [this](absl::Duration limit) {
      steps.push_back("stop " + absl::FormatDuration(limit));
    };
    drain.wait = [this](absl::Duration time) { clock.Advance(time); };
    return drain;
  }
};

TEST(DrainTest, WorkersThatYieldAreNotKilled) {
  Recorder recorder;
  recorder.polls_until_idle = 10;
  const absl::Duration start = recorder.clock.Monotonic();
  Drain(recorder.clock, recorder.Steps());
  EXPECT_THAT(recorder.steps, testing::ElementsAre("refuse", "yield", "watches", "stop 2s"));
  EXPECT_LT(recorder.clock.Monotonic() - start, absl::Seconds(1));
}

TEST(DrainTest, WorkersThatStayAreKilledWithinTheBudget) {
  Recorder recorder;
  recorder.polls_until_idle = -1;
  const absl::Duration start = recorder.clock.Monotonic();
  Drain(recorder.clock, recorder.Steps());
  EXPECT_THAT(recorder.steps,
              testing::ElementsAre("refuse", "yield", "kill", "watches", "stop 2s"));
  const absl::Duration took = recorder.clock.Monotonic() - start;
  EXPECT_GE(took, absl::Seconds(19));
  EXPECT_LT(took + absl::Seconds(2), absl::Seconds(25));
}

}  // namespace
}  // namespace winnow::ops_http
