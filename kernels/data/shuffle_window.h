// The order of an epoch over a large table, one window at a time.
//
// The training rows are cut into chunks of neighbours. Every epoch the chunks are permuted, each
// `chunks` of them in turn make a window, and the rows of a window are permuted. So a batch holds
// rows of about as many places of the table as it has rows, while only a window of the table and of
// the order is worked on. Costs no quality on tables sorted by label or time: shuffle_window.cc.
#ifndef WINNOW_KERNELS_DATA_SHUFFLE_WINDOW_H_
#define WINNOW_KERNELS_DATA_SHUFFLE_WINDOW_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/row_set.h"

namespace winnow::data {

struct WindowSize {
  int64_t chunk_rows = 1;  // >= 1
  int64_t chunks = 1;      // of a window, >= 1

  int64_t rows() const { return chunk_rows * chunks; }
};

// 1,024 chunks of 128 KiB of records, 1 to 2,048 rows: a window is 128 MiB of the table and at most
// 8 MiB of order.
WindowSize WindowSizeOf(int64_t record_bytes);

// THREAD-SAFETY: none.
class WindowShuffle {
 public:
  // `table`, if given, is told which rows the next window needs and which ones the last one needed.
  // OWNERSHIP: rows and table outlive this. REQUIRES: rows is not empty.
  WindowShuffle(const RowSet& rows, uint64_t seed, const std::string& stream,
                const WindowSize& size, const PackedTable* table);

  // out[i] = row number begin + i of epoch `epoch`. O(out.size()), and O(window) for every window
  // that is not the last one asked for. REQUIRES: begin + out.size() <= rows.size().
  void Read(int64_t epoch, int64_t begin, std::span<uint32_t> out);

 private:
  int64_t num_windows() const;
  // Positions of the chunk in the list of rows.
  int64_t ChunkBegin(uint32_t chunk) const { return chunk * size_.chunk_rows; }
  int64_t ChunkEnd(uint32_t chunk) const;
  // Place in the epoch at which window `window` begins.
  int64_t WindowBegin(int64_t window) const;
  std::span<const uint32_t> WindowChunks(int64_t window) const;
  void LoadEpoch(int64_t epoch);
  void LoadWindow(int64_t window);
  template <typename Advice>
  void ForRows(int64_t window, const Advice& advice) const;

  const RowSet& rows_;
  const RngStream chunk_rng_, row_rng_;
  const WindowSize size_;
  const PackedTable* table_;
  int64_t epoch_ = -1, window_ = -1;
  std::vector<uint32_t> chunks_;  // the epoch's order
  int64_t short_place_ = 0;       // place of the last chunk, which may be short, in that order
  std::vector<uint32_t> order_;   // rows of the window
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_SHUFFLE_WINDOW_H_
