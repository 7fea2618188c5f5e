// How long the forward product of a block-pruned layer takes, dense and as the engine runs it. A
// measurement: it differs from run to run and stands in run.json, never in selection.json.
#ifndef WINNOW_KERNELS_NN_LAYER_LATENCY_H_
#define WINNOW_KERNELS_NN_LAYER_LATENCY_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "kernels/gates/weight_fold.h"

namespace winnow::nn {

struct LayerLatency {
  int64_t rows = 0;  // of the batch
  // Microseconds of one product over the batch on the calling thread, the least of several by
  // turns: what the machine can do when nothing disturbs it.
  double dense_us = 0;   // all blocks
  double pruned_us = 0;  // those kept, by the engine that the mask calls for
};

// `weights`: of the gate's layer, [inputs x outputs]. Takes a few milliseconds for a layer of 1,024
// x 1,024 and a batch of 128. RESOURCE_EXHAUSTED without memory. REQUIRES: a block gate, rows >= 1.
absl::StatusOr<LayerLatency> MeasureLayer(const gates::WeightFold& fold,
                                          std::span<const float> mask, const float* weights,
                                          int64_t rows);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_LAYER_LATENCY_H_
