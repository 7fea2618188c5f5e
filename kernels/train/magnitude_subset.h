// The magnitude control: candidates by the size of their weights in the trained full model.
#ifndef WINNOW_KERNELS_TRAIN_MAGNITUDE_SUBSET_H_
#define WINNOW_KERNELS_TRAIN_MAGNITUDE_SUBSET_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/nn/network.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

// Must-keep candidates, then the others by falling size, each when it fits the budget and its
// prerequisite is in. Size: blocks by their Frobenius norm; features and chunks by the root mean
// square of their input times the norm of the weights it feeds, so that inputs of different scale
// compare. In that order.
absl::StatusOr<std::vector<int32_t>> MagnitudeSubset(const JobContext& context,
                                                     const nn::Network& full);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_MAGNITUDE_SUBSET_H_
