#include <cmath>

#include "kernels/ops/optimizer.h"

namespace winnow::ops::ref {

void OptimizerUpdate(const OptimizerStep& step, float g, float* theta, float* m, float* v) {
  if (step.kind == OptimizerKind::kSgd) {
    float direction = g;
    if (m != nullptr) {
      *m = step.momentum * *m + g;
      direction = *m;
    }
    *theta = step.keep * *theta - step.rate * direction;
    return;
  }
  if (step.kind == OptimizerKind::kAdagrad) {
    *m = *m + g * g;
    *theta = step.keep * *theta - step.rate * g / (std::sqrt(*m) + step.epsilon);
    return;
  }
  *m = step.momentum * *m + step.gain * g;
  *v = step.square_decay * *v + step.square_gain * (g * g);
  const float scale = std::sqrt(*v) * step.square_scale + step.epsilon;
  *theta = step.keep * *theta - step.rate * *m / scale;
}

}  // namespace winnow::ops::ref
