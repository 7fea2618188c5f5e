// The latest rows of a table by some time, without sorting it.
#ifndef WINNOW_KERNELS_DATA_LATEST_ROWS_H_
#define WINNOW_KERNELS_DATA_LATEST_ROWS_H_

#include <cstdint>
#include <functional>

namespace winnow::data {

// Where the order of (time, row) is cut.
struct TimeCut {
  uint64_t key = 0;  // rows of a greater key lie behind the cut
  int64_t ties = 0;  // of the rows with this very key, so many, the last ones, lie behind it too
};

// A number that orders as the finite `time` does; -0 as 0.
uint64_t TimeKey(double time);

// The cut with `count` rows behind it. Radix selection: four passes over the rows, half a megabyte
// of counters. REQUIRES: 0 <= count <= rows.
TimeCut CutLatest(int64_t rows, const std::function<uint64_t(int64_t)>& key_of, int64_t count);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_LATEST_ROWS_H_
