#include "kernels/ops/threading.h"

#include <atomic>
#include <cstdlib>
#include <thread>

#include "gtest/gtest.h"
#include "kernels/base/shard_pool.h"

namespace winnow::ops {
namespace {

TEST(ThreadingTest, SettingHoldsForTheThreadThatMadeIt) {
  std::thread([] {
    UseOneThread();
    EXPECT_EQ(ThreadLimit(), 1);
  }).join();
}

TEST(ThreadingTest, EveryThreadOfAPoolIsLimited) {
  ShardPool pool(4, UseOneThread);
  std::atomic<int> unlimited = 0;
  pool.Run(64, [&](int, int) {
    if (ThreadLimit() != 1) unlimited.fetch_add(1);
  });
  EXPECT_EQ(unlimited.load(), 0);
}

}  // namespace
}  // namespace winnow::ops
