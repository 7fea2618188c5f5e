#include "kernels/base/shard_pool.h"

#include <atomic>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow {
namespace {

using ::testing::Each;
using ::testing::Eq;

struct PoolCase {
  int threads;
  bool stress;
};

class ShardPoolTest : public ::testing::TestWithParam<PoolCase> {
 protected:
  ShardPoolTest() : pool_(GetParam().threads, nullptr, {GetParam().stress, 7}) {}
  ShardPool pool_;
};

TEST_P(ShardPoolTest, RunsEveryTaskOnce) {
  for (const int tasks : {0, 1, 2, 3, 7, 64, 1000}) {
    std::vector<std::atomic<int>> runs(tasks);
    pool_.Run(tasks, [&](int task, int) { runs[task].fetch_add(1); });
    for (const auto& count : runs) EXPECT_EQ(count.load(), 1);
  }
}

TEST_P(ShardPoolTest, ThreadIndexIsInRangeAndBelongsToOneTaskAtATime) {
  std::vector<std::atomic<int>> busy(pool_.threads());
  std::atomic<int> clashes = 0;
  pool_.Run(500, [&](int, int thread) {
    ASSERT_GE(thread, 0);
    ASSERT_LT(thread, pool_.threads());
    if (busy[thread].exchange(1) != 0) clashes.fetch_add(1);
    busy[thread].store(0);
  });
  EXPECT_EQ(clashes.load(), 0);
}

// Plain writes of the tasks must be visible to the caller and to the next run's tasks: a race here
// is also what ThreadSanitizer looks for.
TEST_P(ShardPoolTest, ConsecutiveRunsSeeEachOthersWrites) {
  constexpr int kTasks = 17;
  std::vector<int64_t> value(kTasks, 0), mirror(kTasks, 0);
  for (int round = 0; round < 2000; ++round) {
    pool_.Run(kTasks, [&](int task, int) { value[task] = round; });
    pool_.Run(kTasks, [&](int task, int) { mirror[task] = value[kTasks - 1 - task]; });
    ASSERT_THAT(mirror, Each(Eq(round)));
  }
}

// Runs of very different sizes follow each other closely: a thread that comes late must not carry a
// claim of one run into the next.
TEST_P(ShardPoolTest, LateThreadsNeverMixRuns) {
  std::atomic<int64_t> sum = 0;
  int64_t expected = 0;
  for (int round = 0; round < 3000; ++round) {
    const int tasks = 1 + (round * 37) % 23;
    expected += static_cast<int64_t>(tasks) * (tasks - 1) / 2 + tasks;
    pool_.Run(tasks, [&](int task, int) { sum.fetch_add(task + 1, std::memory_order_relaxed); });
    ASSERT_EQ(sum.load(), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, ShardPoolTest,
                         ::testing::Values(PoolCase{1, false}, PoolCase{2, false},
                                           PoolCase{3, false}, PoolCase{8, false},
                                           PoolCase{1, true}, PoolCase{3, true}),
                         [](const auto& info) {
                           return std::to_string(info.param.threads) +
                                  (info.param.stress ? "Stress" : "Plain");
                         });

TEST(ShardPoolStartTest, StartFunctionRunsOncePerThreadBeforeAnyTask) {
  std::atomic<int> starts = 0;
  {
    ShardPool pool(4, [&] { starts.fetch_add(1); });
    EXPECT_EQ(pool.threads(), 4);
    pool.Run(8, [](int, int) {});
  }
  EXPECT_EQ(starts.load(), 4);
}

TEST(ShardPoolStartTest, StressModeChangesTheOrderOfTasks) {
  ShardPool pool(1, nullptr, {true, 3});
  std::set<std::vector<int>> orders;
  for (int round = 0; round < 8; ++round) {
    std::vector<int> order;
    pool.Run(10, [&](int task, int) { order.push_back(task); });
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 1u);
}

}  // namespace
}  // namespace winnow
