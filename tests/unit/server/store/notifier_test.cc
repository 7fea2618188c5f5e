#include "server/store/notifier.h"

#include <atomic>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace winnow::store {
namespace {

TEST(NotifierTest, CallsOnlySubscribersOfTheResource) {
  Notifier notifier;
  int a = 0;
  int b = 0;
  auto first = notifier.Subscribe("a", [&] { ++a; });
  auto second = notifier.Subscribe("a", [&] { ++a; });
  auto other = notifier.Subscribe("b", [&] { ++b; });
  notifier.Notify("a");
  notifier.Notify("none");
  EXPECT_EQ(a, 2);
  EXPECT_EQ(b, 0);
}

TEST(NotifierTest, MovedSubscriptionLivesOnAndTheLastOwnerEndsIt) {
  Notifier notifier;
  int calls = 0;
  {
    Notifier::Subscription outer;
    {
      auto inner = notifier.Subscribe("a", [&] { ++calls; });
      outer = std::move(inner);
    }
    notifier.Notify("a");
    EXPECT_EQ(calls, 1);
  }
  notifier.Notify("a");
  EXPECT_EQ(calls, 1);
}

TEST(NotifierTest, AssignmentEndsTheSubscriptionThatWasHeld) {
  Notifier notifier;
  int old_calls = 0;
  int new_calls = 0;
  auto subscription = notifier.Subscribe("a", [&] { ++old_calls; });
  subscription = notifier.Subscribe("a", [&] { ++new_calls; });
  notifier.Notify("a");
  EXPECT_EQ(old_calls, 0);
  EXPECT_EQ(new_calls, 1);
}

TEST(NotifierTest, CancelWaitsForACallThatIsRunning) {
  Notifier notifier;
  absl::Notification entered;
  absl::Notification leave;
  std::atomic<bool> finished{false};
  auto subscription = notifier.Subscribe("a", [&] {
    entered.Notify();
    leave.WaitForNotification();
    finished = true;
  });
  std::thread caller([&] { notifier.Notify("a"); });
  entered.WaitForNotification();
  std::thread releaser([&] { leave.Notify(); });
  subscription.Cancel();
  EXPECT_TRUE(finished);
  caller.join();
  releaser.join();
}

TEST(NotifierTest, SubscribersMayComeAndGoWhileOthersNotify) {
  Notifier notifier;
  std::atomic<int64_t> calls{0};
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop) notifier.Notify("a");
  });
  for (int i = 0; i < 2000; ++i) auto subscription = notifier.Subscribe("a", [&] { ++calls; });
  stop = true;
  caller.join();
  const int64_t total = calls;
  notifier.Notify("a");
  EXPECT_EQ(calls, total);
}

}  // namespace
}  // namespace winnow::store
