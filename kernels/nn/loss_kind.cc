#include "kernels/nn/loss_kind.h"

namespace winnow::nn {

LossKind LossFor(TargetKind target) {
  switch (target) {
    case TargetKind::kBinary:
      return LossKind::kLogistic;
    case TargetKind::kMulticlass:
      return LossKind::kSoftmax;
    case TargetKind::kRegression:
      return LossKind::kSquared;
  }
  return LossKind::kSquared;
}

absl::StatusOr<ops::OptimizerSettings> OptimizerFor(plan::Optimizer optimizer, double momentum) {
  ops::OptimizerSettings settings;
  switch (optimizer) {
    case plan::Optimizer::kAdam:
    case plan::Optimizer::kAdamW:
    case plan::Optimizer::kLazyAdam:
      return settings;
    case plan::Optimizer::kSgd:
      settings.kind = ops::OptimizerKind::kSgd;
      settings.momentum = momentum;
      return settings;
    case plan::Optimizer::kAdagrad:
      break;
  }
  return absl::UnimplementedError("this optimizer is not built yet; adam, adamw and sgd are");
}

}  // namespace winnow::nn
