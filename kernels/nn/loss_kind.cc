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

ops::OptimizerSettings OptimizerFor(plan::Optimizer optimizer, double momentum) {
  ops::OptimizerSettings settings;
  switch (optimizer) {
    case plan::Optimizer::kAdam:
    case plan::Optimizer::kAdamW:
      settings.lazy_rows = false;
      break;
    case plan::Optimizer::kLazyAdam:
      break;
    case plan::Optimizer::kSgd:
      settings.kind = ops::OptimizerKind::kSgd;
      settings.momentum = momentum;
      break;
    case plan::Optimizer::kAdagrad:
      settings.kind = ops::OptimizerKind::kAdagrad;
      settings.epsilon = ops::kAdagradEpsilon;
      break;
  }
  return settings;
}

}  // namespace winnow::nn
