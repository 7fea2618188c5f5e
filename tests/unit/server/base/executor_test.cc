#include "server/base/executor.h"

#include <atomic>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::server {
namespace {

TEST(InlineExecutorTest, RunsBeforeScheduleReturns) {
  InlineExecutor executor;
  bool ran = false;
  executor.Schedule([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(InlineExecutorTest, RunsNestedTasksAfterTheRunningOne) {
  InlineExecutor executor;
  std::vector<std::string> order;
  executor.Schedule([&] {
    executor.Schedule([&] { order.push_back("inner"); });
    order.push_back("outer");
  });
  EXPECT_THAT(order, testing::ElementsAre("outer", "inner"));
}

TEST(ThreadPoolExecutorTest, DestructorRunsEverythingThatWasScheduled) {
  std::atomic<int> runs{0};
  {
    ThreadPoolExecutor executor(3);
    for (int i = 0; i < 1000; ++i) executor.Schedule([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1000);
}

TEST(ThreadPoolExecutorTest, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPoolExecutor executor(1);
    for (int i = 0; i < 100; ++i) executor.Schedule([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

}  // namespace
}  // namespace winnow::server
