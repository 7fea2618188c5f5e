// What selectors share that ask the full model about its inputs after training it.
//
// An ordinary training as `training` says, every mask 1, that ends before it fits noise: the
// validation loss is taken about 40 times, and at the second time in a row at which it is more than
// 5 % above the least so far the model is taken as it is. An overfitted model tells little: what it
// loses without an input is decided by the few rows that it is sure of and wrong about.
#ifndef WINNOW_KERNELS_SELECTORS_FULL_MODEL_RUN_H_
#define WINNOW_KERNELS_SELECTORS_FULL_MODEL_RUN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernels/selectors/one_shot.h"

namespace winnow::selectors {

class FullModelRun : public OneShot {
 public:
  // `selector`: its name, for messages.
  explicit FullModelRun(std::string selector) : selector_(std::move(selector)) {}

  std::string first_phase() const final { return "train"; }
  bool needs_mask_gradient() const final { return false; }
  // FAILED_PRECONDITION without validation rows.
  absl::Status Start() override;
  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) final;

 protected:
  bool is_trained() const { return is_trained_; }
  bool scores_are_gains() const final { return true; }
  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override;
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override;

 private:
  // Called once, after the last step.
  virtual absl::Status Trained(ModelProbe& probe, StepOutcome& outcome) = 0;
  absl::Status Watch(ModelProbe& probe);

  const std::string selector_;
  bool is_trained_ = false;
  double least_loss_ = 0;  // 0: not measured yet
  int32_t above_ = 0;      // times in a row
};

// rows and `more`, then steps.
std::vector<ParamSpec> WithFullModelParams(int64_t rows, std::vector<ParamSpec> more);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_FULL_MODEL_RUN_H_
