// The narrow view that a selector has of the model being trained. Implemented in kernels/train.
#ifndef WINNOW_KERNELS_BASE_MODEL_PROBE_H_
#define WINNOW_KERNELS_BASE_MODEL_PROBE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow {

// One input of a candidate over a sample of rows.
struct InputColumn {
  std::vector<float> values;   // numeric, as the network takes them: standardised, 0 where missing
  std::vector<int32_t> codes;  // categorical, 0 .. vocabulary - 1
  int64_t vocabulary = 0;      // 0: numeric
};

// The target over the same rows.
struct TargetSample {
  int32_t classes = 0;        // 0: regression
  std::vector<float> values;  // class index, or the standardised value
};

// Spans over candidates have one entry per candidate of the job's CandidateSet. Samples of rows are
// fixed: evenly spaced, the same in every call with the same limit. Questions that a model cannot
// answer (an input gradient under a block gate) are UNIMPLEMENTED; those that need validation rows
// are FAILED_PRECONDITION without them.
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

  // Inputs of candidate c over at most `max_rows` training rows; the indicator of missing values
  // follows its column. The target over the same rows.
  virtual absl::Status Inputs(int32_t /*candidate*/, int64_t /*max_rows*/,
                              std::vector<InputColumn>& /*out*/) {
    return absl::UnimplementedError("this model does not show its inputs");
  }
  virtual absl::Status Targets(int64_t /*max_rows*/, TargetSample& /*out*/) {
    return absl::UnimplementedError("this model does not show its target");
  }

  // What the first rows, `max_rows` at most, of the batch about to be trained say of every
  // candidate: the mean of its inputs, [rows x candidates].
  virtual absl::Status BatchInputs(int64_t /*max_rows*/, std::vector<float>& /*out*/) {
    return absl::UnimplementedError("this model does not show its batch");
  }

  // How much of the output residual R [n x outputs] = d(sum of losses)/d(logits) under `mask` a
  // linear term of candidate c would take up: with X_c [n x p] its inputs over n training rows
  //   out[c] = || R^T X_c ||_F / sqrt(n)            numeric inputs
  // A categorical input counts as orthonormal indicator columns; more than one column of a
  // candidate is corrected for what columns without effect would take up,
  //   out[c]^2 = max(0, sum over columns - (p - 1) ||R||_F^2 / n).
  virtual absl::Status ResidualCorrelations(std::span<const float> /*mask*/, int64_t /*max_rows*/,
                                            std::span<float> /*out*/) {
    return absl::UnimplementedError("this model does not show its residual");
  }

  // d(mean loss)/d(mask_c) on the batch `draw` of validation rows, with the current weights.
  // Batches have the size of training batches and follow one another through a shuffled order.
  virtual absl::Status ValidationMaskGradient(int64_t /*draw*/, std::span<const float> /*mask*/,
                                              std::span<float> /*out*/) {
    return absl::UnimplementedError("this model has no gradient on validation rows");
  }

  // First-order estimate of what replacing candidate c's input x_c by its mean m_c costs, on at
  // most `max_rows` validation rows, every mask 1: out[c] = mean over rows of
  // |<d loss/d x_c, m_c - x_c>|.
  virtual absl::Status Saliency(int64_t /*max_rows*/, std::span<float> /*out*/) {
    return absl::UnimplementedError("this model has no gradient of its inputs");
  }

  // Mean loss over at most `max_rows` validation rows with the inputs of candidate c taken from
  // other rows (shuffle number `draw`), every mask 1. c = -1: nothing is shuffled.
  virtual absl::StatusOr<double> PermutedLoss(int32_t /*candidate*/, int64_t /*draw*/,
                                              int64_t /*max_rows*/) {
    return absl::UnimplementedError("this model does not shuffle its inputs");
  }
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_MODEL_PROBE_H_
