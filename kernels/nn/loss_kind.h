// Which loss a target is trained with, and which optimizer a job asked for.
#ifndef WINNOW_KERNELS_NN_LOSS_KIND_H_
#define WINNOW_KERNELS_NN_LOSS_KIND_H_

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

// `adam` and `adamw` move every row of an embedding table in every step, the others the rows of the
// batch.
ops::OptimizerSettings OptimizerFor(plan::Optimizer optimizer, double momentum);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_LOSS_KIND_H_
