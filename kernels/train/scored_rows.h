// What a model says about the rows of one part, reduced to what metrics need: a few numbers a row,
// whatever the number of classes.
#ifndef WINNOW_KERNELS_TRAIN_SCORED_ROWS_H_
#define WINNOW_KERNELS_TRAIN_SCORED_ROWS_H_

#include <cstdint>
#include <vector>

#include "kernels/base/dataset_profile.h"

namespace winnow::train {

// Every vector that is not empty has one entry per row.
struct ScoredRows {
  TargetKind target = TargetKind::kBinary;
  // binary: logit of the positive class; multiclass: log-probability of the true class; regression:
  // prediction, in the units of the target.
  std::vector<float> score;
  // binary: 0 or 1; multiclass: the class; regression: the target.
  std::vector<float> label;
  std::vector<int32_t>
      predicted;  // multiclass: the most probable class, the lowest one among equals
  std::vector<float> confidence;  // multiclass: its probability
  std::vector<float> weight;      // sample weights; empty: 1 each
  std::vector<int32_t> group;     // group of the row (GAUC); empty: no group column

  int64_t rows() const { return static_cast<int64_t>(score.size()); }
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SCORED_ROWS_H_
