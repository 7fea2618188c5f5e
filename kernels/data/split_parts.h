// The part of every row while a split is made: two bits a row.
#ifndef WINNOW_KERNELS_DATA_SPLIT_PARTS_H_
#define WINNOW_KERNELS_DATA_SPLIT_PARTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/data/split.h"

namespace winnow::data {

enum class Part : uint8_t { kTrain, kValidation, kTest };

// Draws parts of given sizes from rows that come one by one, in memory of its own size alone: a
// uniform choice among all assignments of those sizes (selection sampling: Knuth, TAOCP vol. 2,
// 3.4.2, algorithm S, for several samples at once).
class PartDraw {
 public:
  // `rows` will come; sizes[i] of them go to part i, the others to none.
  PartDraw(const RngStream& stream, int64_t rows, std::vector<int64_t> sizes);

  // The part of the next row, or sizes.size(). REQUIRES: called at most `rows` times.
  size_t Next();

 private:
  RngStream stream_;
  uint64_t draws_ = 0;
  int64_t rows_;
  std::vector<int64_t> sizes_;
};

class SplitParts {
 public:
  explicit SplitParts(int64_t rows);

  void Set(int64_t row, Part part);
  bool trains(int64_t row) const;

  // Of `order`, the first `test` rows become test rows, the next `validation` validation rows.
  void Take(std::span<const uint32_t> order, int64_t test, int64_t validation);
  // The same numbers of the rows that train so far, drawn by PartDraw.
  void Draw(const RngStream& stream, int64_t test, int64_t validation);

  // Rows that train so far, ascending.
  std::vector<uint32_t> TrainingRows() const;
  // Ends the assignment.
  SplitRows Finish() &&;

 private:
  std::vector<uint64_t> TrainingWords() const;

  int64_t rows_;
  std::vector<uint64_t> validation_, test_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_SPLIT_PARTS_H_
