// The loss of a network whose mask keeps few of its features, on the smaller network that is left:
// a gain is measured after every pick, when most inputs are still masked out.
#ifndef WINNOW_KERNELS_TRAIN_FEW_FEATURES_H_
#define WINNOW_KERNELS_TRAIN_FEW_FEATURES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/network.h"
#include "kernels/train/job_context.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// Candidates that the mask keeps, where leaving the others out is worth it: features of a network
// that reads its inputs directly, at most a half of them, at least one. None otherwise. A function
// of the plan and the mask.
std::optional<std::vector<int32_t>> FewFeatures(const plan::Plan& plan, const nn::Network& network,
                                                std::span<const float> mask);

// Mean loss on `rows`, which hold the inputs of the whole network. Of the same products in the same
// order as with the mask, those with a masked weight left out. REQUIRES: `kept` is FewFeatures.
absl::StatusOr<double> LossOfFewFeatures(const JobContext& context, const nn::Network& network,
                                         const gates::WeightFold& fold, std::span<const float> mask,
                                         const std::vector<int32_t>& kept,
                                         const CachedSource& rows);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_FEW_FEATURES_H_
