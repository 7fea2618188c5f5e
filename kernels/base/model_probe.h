// The narrow view that a selector has of the model being trained. Implemented in kernels/train.
#ifndef WINNOW_KERNELS_BASE_MODEL_PROBE_H_
#define WINNOW_KERNELS_BASE_MODEL_PROBE_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

namespace winnow {

// Spans over candidates have one entry per candidate of the job's CandidateSet.
// THREAD-SAFETY: none; called by the thread that drives the trainer, between steps.
class ModelProbe {
 public:
  virtual ~ModelProbe() = default;

  virtual int64_t num_candidates() const = 0;

  // out[c] = Frobenius norm of candidate c's weights W_c, without the mask.
  virtual void WeightNorms(std::span<float> out) const = 0;

  // out[c] = size of candidate c's contribution to the layer it feeds, without the mask: the root
  // mean square over training rows of its input times ||W_c||. Standardised inputs have rms 1;
  // embedding chunks have rms(e_c), weighted by how often each row of the table occurs.
  virtual absl::Status Contributions(std::span<float> out) = 0;

  // Mean loss over the validation rows with the current weights and this mask.
  virtual absl::StatusOr<double> ValidationLoss(std::span<const float> mask) = 0;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_MODEL_PROBE_H_
