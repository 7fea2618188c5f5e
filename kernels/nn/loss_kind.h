// Which loss a target is trained with, and which optimizer a job asked for.
#ifndef WINNOW_KERNELS_NN_LOSS_KIND_H_
#define WINNOW_KERNELS_NN_LOSS_KIND_H_

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/ops/optimizer.h"
#include "kernels/plan/spec.h"

namespace winnow::nn {

// Per row, with logits z and target y:
//   logistic   log(1 + exp(-z)) for y = 1, log(1 + exp(z)) for y = 0        1 output
//   softmax    log sum_c exp(z_c) - z_y                                     one output a class
//   squared    (z - y)^2                                                    1 output
enum class LossKind { kLogistic, kSoftmax, kSquared };

LossKind LossFor(TargetKind target);

// UNIMPLEMENTED for optimizers that are not built.
absl::StatusOr<ops::OptimizerSettings> OptimizerFor(plan::Optimizer optimizer, double momentum);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_LOSS_KIND_H_
