// The task lists of a training step: a function of the model's shape, the gate and the batch size.
#ifndef WINNOW_KERNELS_NN_STEP_PLAN_H_
#define WINNOW_KERNELS_NN_STEP_PLAN_H_

#include <cstdint>
#include <vector>

#include "kernels/gates/weight_fold.h"
#include "kernels/nn/network.h"

namespace winnow::nn {

// A task of the outputs phase owns what it updates.
struct OutputTask {
  enum class Kind {
    kWeights,  // rows [begin, end) of layer `index`
    kBias,     // the bias of layer `index`
    kTable,    // rows [begin, end) of embedding table `index`
  };
  Kind kind = Kind::kWeights;
  int32_t index = 0;
  int32_t begin = 0, end = 0;
  int64_t cost = 0;  // multiply-adds, for the order alone
};

struct StepPlan {
  int64_t block_rows = 0;           // of the rows phase
  std::vector<OutputTask> outputs;  // costliest first, so that the last ones to end are short
  std::vector<int32_t> tile_rows;   // of every layer's weights
  int64_t max_tile_elements = 0;    // of a weight gradient tile
};

// `fold` may be null. `lazy_rows`: see ops::OptimizerSettings.
StepPlan MakeStepPlan(const Network& network, const gates::WeightFold* fold, int64_t batch_size,
                      bool lazy_rows = true);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_STEP_PLAN_H_
