#include "server/base/ticker.h"

#include <atomic>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace winnow::server {
namespace {

TEST(TickerTest, CallsUntilItGoes) {
  absl::BlockingCounter three(3);
  std::atomic<int> calls{0};
  {
    Ticker ticker(absl::Milliseconds(1), [&] {
      if (++calls <= 3) three.DecrementCount();
    });
    three.Wait();
  }
  const int at_the_end = calls;
  absl::SleepFor(absl::Milliseconds(20));  // long enough for a call that must not come
  EXPECT_EQ(calls, at_the_end);
}

TEST(TickerTest, DoesNotWaitForThePeriodToGo) {
  const absl::Time start = absl::Now();
  {
    Ticker ticker(absl::Hours(1), [] {});
  }
  EXPECT_LT(absl::Now() - start, absl::Minutes(1));
}

}  // namespace
}  // namespace winnow::server
