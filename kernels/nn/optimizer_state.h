// The optimizer of a training: moments in the layout of the parameters, and the number of steps.
#ifndef WINNOW_KERNELS_NN_OPTIMIZER_STATE_H_
#define WINNOW_KERNELS_NN_OPTIMIZER_STATE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/checkpoint.h"
#include "kernels/ops/optimizer.h"

namespace winnow::nn {

class OptimizerState {
 public:
  static absl::StatusOr<OptimizerState> Create(const ops::OptimizerSettings& settings,
                                               int64_t parameters);

  // Constants of the next step. Nothing changes before Finish.
  ops::OptimizerStep Next(double learning_rate, double weight_decay) const {
    return ops::MakeOptimizerStep(settings_, steps_done_ + 1, learning_rate, weight_decay);
  }
  void Finish() { ++steps_done_; }

  // Moments of the parameter at `place`, or null where the optimizer has none.
  float* first(int64_t place) { return m_.size() == 0 ? nullptr : m_.data() + place; }
  float* second(int64_t place) { return v_.size() == 0 ? nullptr : v_.data() + place; }

  void Reset();
  // Sections prefix + "/steps", "/m", "/v"; the moments are borrowed, as in Network::Save.
  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  ops::OptimizerSettings settings_;
  int64_t steps_done_ = 0;
  AlignedBuffer<float> m_, v_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_OPTIMIZER_STATE_H_
