#include "kernels/ops/optimizer.h"

#include <cmath>

#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// What one element becomes.
struct Element {
  float theta, m, v;
};

inline Element Adam(const OptimizerStep& s, float g, float theta, float m, float v) {
  m = s.momentum * m + s.gain * g;
  v = s.square_decay * v + s.square_gain * (g * g);
  theta = s.keep * theta - s.rate * m / (std::sqrt(v) * s.square_scale + s.epsilon);
  return {theta, m, v};
}

inline float Sgd(const OptimizerStep& s, float direction, float theta) {
  return s.keep * theta - s.rate * direction;
}

// One row of a table whose dimensions may be frozen; live may be null.
inline void UpdateRow(const OptimizerStep& step, int64_t dim, const float* live, const float* g,
                      float* theta, float* m, float* v) {
  const OptimizerStep s = step;
  for (int64_t d = 0; d < dim; ++d) {
    if (live != nullptr && live[d] == 0.0f) continue;
    if (s.kind == OptimizerKind::kAdam) {
      const Element next = Adam(s, g[d], theta[d], m[d], v[d]);
      theta[d] = next.theta, m[d] = next.m, v[d] = next.v;
    } else if (m != nullptr) {
      m[d] = s.momentum * m[d] + g[d];
      theta[d] = Sgd(s, m[d], theta[d]);
    } else {
      theta[d] = Sgd(s, g[d], theta[d]);
    }
  }
}

}  // namespace

int MomentCount(const OptimizerSettings& settings) {
  if (settings.kind == OptimizerKind::kAdam) return 2;
  return settings.momentum != 0.0 ? 1 : 0;
}

OptimizerStep MakeOptimizerStep(const OptimizerSettings& settings, int64_t step_number,
                                double learning_rate, double weight_decay) {
  OptimizerStep step;
  step.kind = settings.kind;
  step.keep = static_cast<float>(1.0 - learning_rate * weight_decay);
  if (settings.kind == OptimizerKind::kSgd) {
    step.rate = static_cast<float>(learning_rate);
    step.momentum = static_cast<float>(settings.momentum);
    return step;
  }
  const auto t = static_cast<double>(step_number);
  step.rate = static_cast<float>(learning_rate / (1.0 - std::pow(settings.beta1, t)));
  step.momentum = static_cast<float>(settings.beta1);
  step.gain = static_cast<float>(1.0 - settings.beta1);
  step.square_decay = static_cast<float>(settings.beta2);
  step.square_gain = static_cast<float>(1.0 - settings.beta2);
  step.square_scale = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(settings.beta2, t)));
  step.epsilon = static_cast<float>(settings.epsilon);
  return step;
}

WINNOW_MULTIVERSION
void OptimizerUpdate(const OptimizerStep& step, int64_t n, float scale, const float* __restrict g,
                     float* __restrict theta, float* __restrict m, float* __restrict v) {
  const OptimizerStep s = step;
  if (s.kind == OptimizerKind::kAdam) {
    for (int64_t i = 0; i < n; ++i) {
      const Element next = Adam(s, scale * g[i], theta[i], m[i], v[i]);
      theta[i] = next.theta;
      m[i] = next.m;
      v[i] = next.v;
    }
  } else if (m != nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      m[i] = s.momentum * m[i] + scale * g[i];
      theta[i] = Sgd(s, m[i], theta[i]);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) theta[i] = Sgd(s, scale * g[i], theta[i]);
  }
}

WINNOW_MULTIVERSION
void OptimizerUpdateScaled(const OptimizerStep& step, int64_t n, const float* __restrict scales,
                           const float* __restrict g, float* __restrict theta, float* __restrict m,
                           float* __restrict v) {
  const OptimizerStep s = step;
  if (s.kind == OptimizerKind::kAdam) {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = scales[i] != 0.0f;
      const Element next = Adam(s, scales[i] * g[i], theta[i], m[i], v[i]);
      theta[i] = live ? next.theta : theta[i];
      m[i] = live ? next.m : m[i];
      v[i] = live ? next.v : v[i];
    }
  } else if (m != nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = scales[i] != 0.0f;
      const float direction = s.momentum * m[i] + scales[i] * g[i];
      theta[i] = live ? Sgd(s, direction, theta[i]) : theta[i];
      m[i] = live ? direction : m[i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      theta[i] = scales[i] != 0.0f ? Sgd(s, scales[i] * g[i], theta[i]) : theta[i];
    }
  }
}

WINNOW_MULTIVERSION
void OptimizerUpdateRows(const OptimizerStep& step, int64_t count, int64_t dim,
                         const int32_t* codes, const float* live, const float* __restrict g,
                         float* __restrict theta, float* __restrict m, float* __restrict v) {
  for (int64_t r = 0; r < count; ++r) {
    const int64_t at = codes[r] * dim;
    UpdateRow(step, dim, live, g + r * dim, theta + at, m == nullptr ? nullptr : m + at,
              v == nullptr ? nullptr : v + at);
  }
}

}  // namespace winnow::ops
