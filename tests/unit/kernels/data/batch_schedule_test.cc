#include "kernels/data/batch_schedule.h"

#include <algorithm>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::data {
namespace {

// 1000, 1002, ...
RowSet Rows(uint32_t n) {
  std::vector<uint32_t> rows(n);
  for (uint32_t i = 0; i < n; ++i) rows[i] = 1000 + 2 * i;
  return RowSet::Of(rows);
}

std::vector<uint32_t> Take(BatchSchedule& schedule, int64_t step) {
  const auto batch = schedule.Batch(step);
  return {batch.begin(), batch.end()};
}

BatchOptions Options(int32_t batch_size) {
  BatchOptions options;
  options.batch_size = batch_size;
  return options;
}

TEST(BatchScheduleTest, AnEpochVisitsEveryRowOnce) {
  const auto rows = Rows(103);
  BatchSchedule schedule(rows, 1, "shuffle/test", Options(10));
  EXPECT_EQ(schedule.steps_per_epoch(), 11);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<uint32_t> seen;
    for (int64_t i = 0; i < 11; ++i) {
      const auto batch = Take(schedule, epoch * 11 + i);
      EXPECT_EQ(batch.size(), i < 10 ? 10u : 3u);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    EXPECT_NE(seen, rows.ToVector());
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, rows.ToVector());
  }
}

TEST(BatchScheduleTest, AnEpochIsThePermutationOfTheStream) {
  const auto rows = Rows(37);
  BatchSchedule schedule(rows, 5, "shuffle/test", Options(37));
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<uint32_t> expected =
        RngStream(5, "shuffle/test").Permutation(37, static_cast<uint64_t>(epoch * 37));
    for (uint32_t& position : expected) position = rows[position];
    EXPECT_EQ(Take(schedule, epoch), expected) << epoch;
  }
}

TEST(BatchScheduleTest, EpochsDifferAndAnyStepCanBeAskedFirst) {
  const auto rows = Rows(64);
  BatchSchedule a(rows, 1, "shuffle/test", Options(16));
  std::vector<std::vector<uint32_t>> batches;
  for (int64_t step = 0; step < 12; ++step) batches.push_back(Take(a, step));
  EXPECT_NE(batches[0], batches[4]);
  BatchSchedule b(rows, 1, "shuffle/test", Options(16));
  for (int64_t step = 11; step >= 0; --step) EXPECT_EQ(Take(b, step), batches[step]) << step;
  BatchSchedule other_seed(rows, 2, "shuffle/test", Options(16));
  BatchSchedule other_stream(rows, 1, "shuffle/other", Options(16));
  EXPECT_NE(Take(other_seed, 0), batches[0]);
  EXPECT_NE(Take(other_stream, 0), batches[0]);
}

TEST(BatchScheduleTest, DropsTheShortBatchWhenAsked) {
  const auto rows = Rows(103);
  BatchOptions options = Options(10);
  options.keep_short_batch = false;
  BatchSchedule schedule(rows, 1, "shuffle/test", options);
  EXPECT_EQ(schedule.steps_per_epoch(), 10);
  for (int64_t step = 0; step < 30; ++step) EXPECT_EQ(schedule.Batch(step).size(), 10u);
}

TEST(BatchScheduleTest, FewerRowsThanABatchAreOneBatch) {
  const auto rows = Rows(5);
  for (const bool keep : {true, false}) {
    BatchOptions options = Options(512);
    options.keep_short_batch = keep;
    BatchSchedule schedule(rows, 1, "shuffle/test", options);
    EXPECT_EQ(schedule.steps_per_epoch(), 1);
    EXPECT_EQ(schedule.batch_size(), 5);
    EXPECT_EQ(schedule.Batch(7).size(), 5u);
  }
}

TEST(BatchScheduleTest, DrawsWithReplacementUniformly) {
  const auto rows = Rows(8);
  BatchOptions options = Options(100);
  options.sampling = BatchSampling::kWithReplacement;
  BatchSchedule schedule(rows, 1, "shuffle/test", options);
  EXPECT_EQ(schedule.batch_size(), 100);
  std::vector<int> counts(8);
  for (int64_t step = 0; step < 200; ++step) {
    const auto batch = schedule.Batch(step);
    ASSERT_EQ(batch.size(), 100u);
    for (const uint32_t row : batch) ++counts[(row - 1000) / 2];
  }
  // 20,000 draws: mean 2,500, standard deviation 46.8; five of them.
  for (const int count : counts) EXPECT_NEAR(count, 2500, 5 * 46.8);
  BatchSchedule again(rows, 1, "shuffle/test", options);
  EXPECT_EQ(Take(again, 123), Take(schedule, 123));
}

}  // namespace
}  // namespace winnow::data
