// The gradient of a mask from the weights W and their gradient G (weight_fold.h):
//
//   S(run, b) = sum over the run's rows r and the columns j of block b of W(r, j) G(r, j)
//   da_c      = sum of S over the runs and blocks of c; for a row of two candidates b and c,
//               da_b += a_c S, da_c += a_b S
//
// A run is consecutive rows of one tile that share their candidates. S is a float, summed in the
// fixed lane order of ops; over runs the sum goes in row order and in double. Tiles are cut by
// shape alone, so the bytes do not depend on threads.
#ifndef WINNOW_KERNELS_GATES_MASK_GRADIENT_H_
#define WINNOW_KERNELS_GATES_MASK_GRADIENT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/gates/weight_fold.h"

namespace winnow::gates {

// Allocates when made. THREAD-SAFETY: const.
class MaskGradient {
 public:
  // Tiles begin at the multiples of `tile_rows`.
  MaskGradient(const WeightFold& fold, int32_t tile_rows);

  // How many S there are.
  int64_t sum_count() const { return static_cast<int64_t>(runs_.size()) * blocks_; }

  // S of the tile that begins at row `begin` of the layer. `weights` starts at row 0 of the layer,
  // `gradient` at row `begin`; `sums` [sum_count()] is that of all tiles, of which this writes its
  // own. THREAD-SAFETY: distinct tiles.
  void SumTile(int32_t begin, const float* weights, const float* gradient, float* sums) const;

  // total[c] += da_c of this layer.
  void AddTo(const float* sums, std::span<const float> mask, std::span<double> total) const;

 private:
  struct Run {
    int32_t row = 0, rows = 0;
    int32_t base = 0, second = -1;  // see WeightFold
    // Of one row each, their candidates in order: this run and those behind it in the tile. 0 where
    // it has more rows or a second candidate.
    int32_t singles = 0;
  };

  int32_t tile_rows_, columns_, column_block_, blocks_;
  std::vector<Run> runs_;       // the gated ones, by row
  std::vector<int32_t> first_;  // first run of every tile, and of the end
};

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_MASK_GRADIENT_H_
