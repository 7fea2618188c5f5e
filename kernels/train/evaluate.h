// A trained model on the validation and test rows.
#ifndef WINNOW_KERNELS_TRAIN_EVALUATE_H_
#define WINNOW_KERNELS_TRAIN_EVALUATE_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/network.h"
#include "kernels/train/job_context.h"
#include "kernels/train/job_state.h"
#include "kernels/train/scored_rows.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// Rows behind a validation loss, at most: beyond that it is known to a few parts in a thousand and
// costs more than it tells.
inline constexpr int64_t kEpochValidationRows = 131072;

// A network and the mask on it; without a fold there is no mask.
struct MaskedModel {
  const nn::Network* network = nullptr;
  const gates::WeightFold* fold = nullptr;
  std::span<const float> mask;
};

// What the model says about table rows; memory O(rows). CANCELLED between blocks of rows.
absl::StatusOr<ScoredRows> Score(const JobContext& context, const MaskedModel& model,
                                 std::span<const uint32_t> rows);

// Mean loss over table rows, read block by block; one result for any number of threads. REQUIRES:
// rows is not empty. CANCELLED between blocks.
absl::StatusOr<double> MeanLoss(const JobContext& context, const MaskedModel& model,
                                std::span<const uint32_t> rows);

// MeanLoss over the validation rows, or over kEpochValidationRows evenly spaced ones. REQUIRES:
// there are some.
absl::StatusOr<double> ValidationLoss(const JobContext& context, const MaskedModel& model);

// Metrics of the plan with their bootstrap replicates, on both parts: on all of their rows, or on
// kMeasuredRows evenly spaced ones. A part without rows has metrics without values.
absl::StatusOr<ModelResult> Evaluate(const JobContext& context, const MaskedModel& model);

// The same shape with no value anywhere: of a model that was never trained.
ModelResult Unmeasured(const plan::Plan& plan);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_EVALUATE_H_
