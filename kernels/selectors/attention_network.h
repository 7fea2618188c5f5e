// A small network that looks at the candidates' inputs and says how much of each to let through:
// dense layers with a leaky rectifier, averaged over rows. Its own forward, backward and Adam, in
// row order on one thread.
//
//   h_{l+1} = leaky(h_l V_l + b_l), the last layer without it;   A = (1/B) sum_n h_L(row n)
#ifndef WINNOW_KERNELS_SELECTORS_ATTENTION_NETWORK_H_
#define WINNOW_KERNELS_SELECTORS_ATTENTION_NETWORK_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/gate_adam.h"

namespace winnow::selectors {

// THREAD-SAFETY: none.
class AttentionNetwork {
 public:
  AttentionNetwork() = default;
  // `candidates` inputs and outputs, `units` between. Glorot-uniform weights, biases 0.
  AttentionNetwork(int64_t candidates, std::vector<int64_t> units, double negative_slope,
                   const RngStream& stream);

  // A [candidates] of the rows in `inputs` [rows x candidates]; keeps what Backward needs.
  void Forward(std::span<const float> inputs, std::span<double> average);
  // One Adam step from d loss / d A of the rows of the last Forward.
  void Backward(std::span<const double> gradient, double rate);

  void Save(const std::string& prefix, Checkpoint& checkpoint) const {
    parameters_.Save(prefix, checkpoint);
  }
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) {
    return parameters_.Load(prefix, checkpoint);
  }

 private:
  // Layer l: weights [widths_[l] x widths_[l + 1]] at offsets_[l], then the bias.
  std::vector<int64_t> widths_, offsets_;
  double slope_ = 0;
  GateAdam parameters_;
  std::vector<std::vector<float>> outputs_;  // [0]: the inputs; [l]: h_l [rows x widths_[l]]
  std::vector<float> gradient_;              // of the parameters
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_ATTENTION_NETWORK_H_
