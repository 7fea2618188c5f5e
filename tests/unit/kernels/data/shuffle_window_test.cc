#include "kernels/data/shuffle_window.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/batch_schedule.h"

namespace winnow::data {
namespace {

// Two of three rows.
RowSet Rows(uint32_t n) {
  std::vector<uint32_t> rows(n);
  for (uint32_t i = 0; i < n; ++i) rows[i] = i / 2 * 3 + i % 2;
  return RowSet::Of(rows);
}

std::vector<uint32_t> Epoch(WindowShuffle& shuffle, int64_t epoch, size_t n) {
  std::vector<uint32_t> order(n);
  shuffle.Read(epoch, 0, order);
  return order;
}

// Rows, rows of a chunk, chunks of a window; with and without short chunks and short windows.
class WindowShuffleTest : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(WindowShuffleTest, AnEpochHasEveryRowOnceInAnyReading) {
  const auto [n, chunk_rows, chunks] = GetParam();
  const RowSet rows = Rows(static_cast<uint32_t>(n));
  const WindowSize size = {.chunk_rows = chunk_rows, .chunks = chunks};
  WindowShuffle shuffle(rows, 1, "test", size, nullptr);
  std::vector<std::vector<uint32_t>> epochs;
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    epochs.push_back(Epoch(shuffle, epoch, rows.size()));
    std::vector<uint32_t> sorted = epochs.back();
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, rows.ToVector());
  }
  if (n > 10) {
    EXPECT_NE(epochs[0], epochs[1]);
  }
  // Piece by piece, from the back.
  WindowShuffle again(rows, 1, "test", size, nullptr);
  for (int64_t epoch = 3; epoch >= 0; --epoch) {
    for (int64_t end = n; end > 0; end -= 7) {
      const int64_t begin = std::max<int64_t>(0, end - 7);
      std::vector<uint32_t> piece(static_cast<size_t>(end - begin));
      again.Read(epoch, begin, piece);
      ASSERT_TRUE(std::equal(piece.begin(), piece.end(), epochs[epoch].begin() + begin));
    }
  }
}

TEST_P(WindowShuffleTest, AWindowTouchesItsChunksAlone) {
  const auto [n, chunk_rows, chunks] = GetParam();
  const RowSet rows = Rows(static_cast<uint32_t>(n));
  WindowShuffle shuffle(rows, 3, "test", {.chunk_rows = chunk_rows, .chunks = chunks}, nullptr);
  const std::vector<uint32_t> list = rows.ToVector();
  const std::vector<uint32_t> order = Epoch(shuffle, 0, rows.size());
  // Chunks in the order of their first row: each is entered once, and no more than a window's, and
  // those that the short chunk shifts, are open at a time.
  std::vector<int64_t> first(list.size() / chunk_rows + 1, -1), last(first);
  for (size_t i = 0; i < order.size(); ++i) {
    const auto position = std::lower_bound(list.begin(), list.end(), order[i]) - list.begin();
    const auto chunk = static_cast<size_t>(position / chunk_rows);
    if (first[chunk] < 0) first[chunk] = static_cast<int64_t>(i);
    last[chunk] = static_cast<int64_t>(i);
  }
  for (size_t chunk = 0; chunk < first.size(); ++chunk) {
    EXPECT_LT(last[chunk] - first[chunk], int64_t{chunk_rows} * chunks) << chunk;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, WindowShuffleTest,
                         testing::Values(std::tuple(1, 1, 1), std::tuple(5, 8, 4),
                                         std::tuple(96, 8, 4), std::tuple(97, 8, 4),
                                         std::tuple(1000, 1, 16), std::tuple(1003, 10, 7),
                                         std::tuple(1003, 64, 1), std::tuple(500, 499, 2)));

TEST(WindowSizeTest, WindowsAreBoundedInBytesAndRows) {
  for (const int64_t bytes : {4, 64, 160, 3140, 131072, 4000000}) {
    const WindowSize size = WindowSizeOf(bytes);
    EXPECT_GE(size.chunk_rows, 1);
    EXPECT_LE(size.rows(), int64_t{1} << 21);
    if (bytes <= 131072) {
      EXPECT_LE(size.rows() * bytes, int64_t{1} << 27);
    }
  }
  EXPECT_EQ(WindowSizeOf(160).rows(), 819 * 1024);
}

// A table sorted by its label, a tenth positive: every batch of 256 holds about its share. The
// shares of windows vary by the chunks drawn: sqrt(.09 / 64) = .0375, those of batches given the
// window by sqrt(.09 / 256) = .019; five deviations of both.
TEST(BatchScheduleWindowTest, BatchesOfASortedTableAreMixed) {
  const uint32_t n = 64000;
  const RowSet rows = Rows(n);
  BatchOptions options;
  options.batch_size = 256;
  options.window = WindowSize{.chunk_rows = 40, .chunks = 64};
  BatchSchedule schedule(rows, 1, "test", options);
  const uint32_t first_positive = rows[n - n / 10];
  double sum = 0;
  for (int64_t step = 0; step < schedule.steps_per_epoch(); ++step) {
    int positive = 0;
    for (const uint32_t row : schedule.Batch(step)) positive += row >= first_positive;
    EXPECT_NEAR(positive / 256.0, 0.1, 5 * std::hypot(0.0375, 0.019)) << step;
    sum += positive;
  }
  EXPECT_EQ(sum, n / 10);
}

}  // namespace
}  // namespace winnow::data
