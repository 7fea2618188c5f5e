// A network of one hidden layer beside a linear connection from the inputs to the outputs, on a
// sample of rows that it holds: forward, backward and gradient descent with momentum, in row order
// on one thread.
//
//   z = b + sum_p x_p theta_p + relu(c + sum_p x_p U_p) V,   theta [P x outputs], U [P x hidden]
// Inputs are numbers, or one of the codes of a categorical column: x_p = 1 / sqrt(share of the
// code's rows), so that the columns of a field are orthonormal. Codes of less than 1 / 256 of the
// rows share one. The loss is the mean cross-entropy of softmax(z), or (z - y)^2 / 2.
#ifndef WINNOW_KERNELS_SELECTORS_SKIP_NETWORK_H_
#define WINNOW_KERNELS_SELECTORS_SKIP_NETWORK_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/model_probe.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/hierarchical_prox.h"

namespace winnow::selectors {

// Movable, not copied. THREAD-SAFETY: none.
class SkipNetwork {
 public:
  SkipNetwork(SkipNetwork&&) = default;
  SkipNetwork(const SkipNetwork&) = delete;

  // `inputs`: the columns of every candidate over the rows of `target`. Glorot-uniform U and V,
  // the rows of U divided by sqrt(number of codes); theta and biases 0.
  SkipNetwork(std::vector<std::vector<InputColumn>> inputs, TargetSample target,
              int64_t hidden_units, const RngStream& stream);

  int64_t rows() const { return static_cast<int64_t>(target_.values.size()); }

  // Loss and gradient of these rows.
  double Gradient(std::span<const uint32_t> rows);
  // momentum = 0.9 momentum + gradient; weights -= rate momentum.
  void Step(double rate);

  // theta and U of a candidate.
  WeightPieces skip(int32_t candidate);
  WeightPieces hidden(int32_t candidate);
  // |d loss / d theta| of a candidate, of the last Gradient.
  double SkipGradientNorm(int32_t candidate) const;
  // A candidate whose weights are all 0 takes part no longer: its weights stay 0.
  void Drop(int32_t candidate);

  // Largest eigenvalue of X^T X / n of the first rows, by power iteration.
  double LargestCurvature() const;

  // [U | theta | padding] by rows of inputs, such a row of biases, V by outputs.
  std::span<float> parameters() { return parameters_; }
  std::span<const float> gradient() const { return gradient_; }

  // Weights and momentum; what was dropped is dropped again by the owner.
  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  struct Column {
    int64_t first = 0;           // row of its weights
    std::vector<float> values;   // of a numeric column, else empty
    std::vector<int32_t> codes;  // of a categorical one, from 0
    std::vector<float> scales;   // x by code; {1} for numbers
    int64_t weight_rows() const { return static_cast<int64_t>(scales.size()); }
    float value(uint32_t row) const {
      return values.empty() ? scales[static_cast<size_t>(codes[row])] : values[row];
    }
    int64_t weights_of(uint32_t row) const { return values.empty() ? first + codes[row] : first; }
  };

  static Column MakeColumn(InputColumn input);
  void ListColumns();
  void GatherNumbers(std::span<const uint32_t> rows);
  void Forward(std::span<const uint32_t> rows);
  // Loss of the outputs of the last Forward; they become its gradient.
  double Loss(std::span<const uint32_t> rows);
  void Backward(std::span<const uint32_t> rows);

  TargetSample target_;
  int64_t hidden_ = 0, outputs_ = 0, width_ = 0;    // width_: hidden_ + outputs_
  int64_t weight_rows_ = 0;                         // P
  std::vector<std::vector<Column>> columns_;        // by candidate; empty: dropped
  std::vector<std::pair<int64_t, int64_t>> range_;  // of the weight rows of a candidate
  std::vector<float> parameters_, gradient_, momentum_;
  std::vector<const Column*> numbers_, coded_;  // into columns_
  std::vector<float> x_;       // numbers of the batch [four columns][rows][4], 0 behind the last
  std::vector<float> sums_;    // of the batch [rows x (hidden | outputs)], then their gradients
  std::vector<float> active_;  // relu of the hidden part [rows x hidden]
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SKIP_NETWORK_H_
