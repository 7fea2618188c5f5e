// A small network in double precision and data with a known answer: what selectors are tested on.
//
//   z = tanh(x (W1 . m) + b1) W2 + b2,   loss = mean logistic loss,   m = mask of each weight's
//   candidate
// Written for reading: one row at a time, no kernels of the product.
#ifndef WINNOW_TESTS_UNIT_KERNELS_SELECTORS_REFERENCE_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_SELECTORS_REFERENCE_TESTING_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/budget.h"
#include "kernels/base/candidate.h"
#include "kernels/base/model_probe.h"

namespace winnow::selectors {

// Data of which `truth` alone carries the signal, and the candidates of one gate over it.
struct PlantedData {
  CandidateSet candidates;
  std::vector<int32_t> truth;  // candidates, ascending
  int32_t inputs = 0, hidden = 8;
  std::vector<int32_t> candidate_of;  // [inputs x hidden]
  std::vector<double> x;              // [rows x inputs], standardised
  std::vector<double> y;              // [rows], 0 or 1
  int64_t rows() const { return static_cast<int64_t>(y.size()); }
  // As many candidates as the truth has.
  Budget TruthBudget() const;
};

// kFeature: 10 features, 3 of them true. kChunk: 5 fields of 2 prefix chunks with growing tables,
// one field true in both chunks and one in its first. kBlock: 8 inputs in blocks of 2 x 4, those of
// two block rows true. Feature prices grow with the index too.
PlantedData MakePlanted(GateKind gate, uint64_t seed);

// XOR of the signs of features 0 and 1 among `features`, the rest noise; no feature tells anything
// alone.
PlantedData MakeXor(int32_t features, int64_t rows, uint64_t seed);

class ReferenceModel final : public ModelProbe {
 public:
  // OWNERSHIP: `data` outlives the model.
  ReferenceModel(const PlantedData& data, uint64_t seed);

  // One Adam step on rows [first, first + count), wrapping around. Weights whose mask is 0 keep
  // still. `ridge` as of Selector. Fills mask_gradient unless it is empty; returns the loss before
  // the step.
  double Step(std::span<const float> mask, std::span<const float> ridge, int64_t first,
              int64_t count, double learning_rate, std::span<float> mask_gradient);
  void ClearMoments();

  // What BatchInputs shows: rows from here on.
  void SetBatch(int64_t first) { batch_ = first; }

  double Loss(std::span<const float> mask) const;
  const std::vector<double>& weights() const { return w1_; }

  int64_t num_candidates() const override { return data_->candidates.size(); }
  void WeightNorms(std::span<float> out) const override;
  absl::Status Contributions(std::span<float> out) override;
  absl::StatusOr<double> ValidationLoss(std::span<const float> mask) override;
  // Samples of rows are the first ones; validation rows are those of training.
  absl::Status Inputs(int32_t candidate, int64_t max_rows, std::vector<InputColumn>& out) override;
  absl::Status Targets(int64_t max_rows, TargetSample& out) override;
  absl::Status BatchInputs(int64_t max_rows, std::vector<float>& out) override;
  absl::Status ResidualCorrelations(std::span<const float> mask, int64_t max_rows,
                                    std::span<float> out) override;
  absl::Status ValidationMaskGradient(int64_t draw, std::span<const float> mask,
                                      std::span<float> out) override;
  absl::Status Saliency(int64_t max_rows, std::span<float> out) override;
  absl::StatusOr<double> PermutedLoss(int32_t candidate, int64_t draw, int64_t max_rows) override;

 private:
  struct Gradient {
    std::vector<double> w1, b1, w2;
    double b2 = 0, loss = 0;
  };
  Gradient Backward(std::span<const float> mask, int64_t first, int64_t count) const;
  // Candidate gradients of a Backward's w1.
  void MaskGradient(const Gradient& gradient, std::span<float> out) const;
  // Logit of the inputs x [inputs] and, where wanted, d logit / d x.
  double Logit(const double* x, std::span<const float> mask, double* gradient) const;
  void Norms(bool times_rms, std::span<float> out) const;

  const PlantedData* data_;
  std::vector<double> w1_, b1_, w2_;  // w1 [inputs x hidden], w2 [hidden]
  double b2_ = 0;
  std::vector<double> moments_;  // first and second moments of all weights
  int64_t adam_steps_ = 0, batch_ = 0;
};

}  // namespace winnow::selectors

#endif  // WINNOW_TESTS_UNIT_KERNELS_SELECTORS_REFERENCE_TESTING_H_
