// From a set of selected candidates to the physically smaller model.
//
//   features    only the fields of selected columns stay
//   chunks      every field keeps as many dimensions as it has selected chunks' dimensions; a field
//               without any leaves. Fields that have no candidates keep their width.
//   blocks      the shape stays; the mask is what is smaller
// Every field keeps its place in column order; row ranges of the first layer close up.
#ifndef WINNOW_KERNELS_TRAIN_SUBSET_H_
#define WINNOW_KERNELS_TRAIN_SUBSET_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/budget.h"
#include "kernels/base/candidate.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/base/rng.h"
#include "kernels/plan/plan.h"

namespace winnow::train {

// Shape of the model on the candidates `selected`. REQUIRES: `full` is the model that the
// candidates were made for.
plan::ModelShape SubsetShape(const plan::ModelShape& full, const CandidateSet& candidates,
                             std::span<const int32_t> selected);

// `shape` with hidden layers wider by one factor, so that its number of parameters comes nearest to
// `parameters`; as it is when it has as many already. REQUIRES: a hidden layer.
plan::ModelShape WidenTo(const plan::ModelShape& shape, int64_t parameters);

// Kept dimensions of every field that has chunk candidates, by column index; 0 where none is kept.
std::map<int32_t, int32_t> KeptDimensions(const CandidateSet& candidates,
                                          std::span<const int32_t> selected);

// Uniform rival of an embedding-dimension selection: the same width for every field with
// candidates.
struct UniformWidth {
  std::vector<int32_t> selected;  // candidates, ascending
  int32_t width = 0;
  int64_t bytes = 0;
  bool fits =
      false;  // false: even the narrowest width exceeds the budget; it is taken all the same
};
// The widest that fits the budget. REQUIRES: chunk candidates.
UniformWidth WidestUniform(const CandidateSet& candidates, const Budget& budget);

// A random subset that spends the budget: must-keep candidates, then candidates in random order,
// each when it fits and its prerequisite is in, again from the front until none fits. Ascending.
std::vector<int32_t> RandomSubset(const CandidateSet& candidates, const Budget& budget,
                                  const RngStream& stream);

// 1 for selected candidates, else 0.
std::vector<float> MaskOf(int64_t num_candidates, std::span<const int32_t> selected);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SUBSET_H_
