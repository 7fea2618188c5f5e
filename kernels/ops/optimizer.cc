#include "kernels/ops/optimizer.h"

#include <algorithm>
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

// `sum` has the square of g in it.
inline float Adagrad(const OptimizerStep& s, float g, float theta, float sum) {
  return s.keep * theta - s.rate * g / (std::sqrt(sum) + s.epsilon);
}

inline float Sgd(const OptimizerStep& s, float direction, float theta) {
  return s.keep * theta - s.rate * direction;
}

// theta[i] for i in [0, n), gradient scale * g[i]. One loop for each kind, so that each is a run of
// vector instructions.
inline void UpdateRun(const OptimizerStep& step, int64_t n, float scale, const float* __restrict g,
                      float* __restrict theta, float* __restrict m, float* __restrict v) {
  const OptimizerStep s = step;
  if (s.kind == OptimizerKind::kAdam) {
    for (int64_t i = 0; i < n; ++i) {
      const Element next = Adam(s, scale * g[i], theta[i], m[i], v[i]);
      theta[i] = next.theta;
      m[i] = next.m;
      v[i] = next.v;
    }
  } else if (s.kind == OptimizerKind::kAdagrad) {
    for (int64_t i = 0; i < n; ++i) {
      const float gradient = scale * g[i];
      m[i] = m[i] + gradient * gradient;
      theta[i] = Adagrad(s, gradient, theta[i], m[i]);
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

// Gradient scales[i] * g[i]; with `Freezes` nothing changes where scales[i] is 0.
template <bool Freezes>
inline void UpdateScaledRun(const OptimizerStep& step, int64_t n, const float* __restrict scales,
                            const float* __restrict g, float* __restrict theta, float* __restrict m,
                            float* __restrict v) {
  const OptimizerStep s = step;
  if (s.kind == OptimizerKind::kAdam) {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = !Freezes || scales[i] != 0.0f;
      const Element next = Adam(s, scales[i] * g[i], theta[i], m[i], v[i]);
      theta[i] = live ? next.theta : theta[i];
      m[i] = live ? next.m : m[i];
      v[i] = live ? next.v : v[i];
    }
  } else if (s.kind == OptimizerKind::kAdagrad) {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = !Freezes || scales[i] != 0.0f;
      const float gradient = scales[i] * g[i];
      const float sum = m[i] + gradient * gradient;
      theta[i] = live ? Adagrad(s, gradient, theta[i], sum) : theta[i];
      m[i] = live ? sum : m[i];
    }
  } else if (m != nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = !Freezes || scales[i] != 0.0f;
      const float direction = s.momentum * m[i] + scales[i] * g[i];
      theta[i] = live ? Sgd(s, direction, theta[i]) : theta[i];
      m[i] = live ? direction : m[i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      const bool live = !Freezes || scales[i] != 0.0f;
      theta[i] = live ? Sgd(s, scales[i] * g[i], theta[i]) : theta[i];
    }
  }
}

// One row of a table whose dimensions may be frozen (live 0 or 1); live may be null.
inline void UpdateRow(const OptimizerStep& step, int64_t dim, const float* live, const float* g,
                      float* theta, float* m, float* v) {
  if (live == nullptr) return UpdateRun(step, dim, 1.0f, g, theta, m, v);
  UpdateScaledRun<true>(step, dim, live, g, theta, m, v);
}

// Rows up to this length are updated many at a time: their ends, which are no whole vectors, cost
// more than a scale for every element.
constexpr int64_t kShortRow = 256;
constexpr int64_t kExpanded = 2048;  // elements at a time: 8 KiB of scales

typedef int32_t LaneIndex __attribute__((vector_size(64)));
constexpr LaneIndex kLaneIndex = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// out[r * columns + j] = scales[r], up to kLanes - 1 floats behind the end. A vector lies in two
// rows at most where rows are not shorter than one; it is stored aligned, which a row would not be.
inline void ExpandRows(int64_t rows, int64_t columns, const float* scales, float* out) {
  if (columns < kLanes) {
    for (int64_t r = 0; r < rows; ++r) std::fill_n(out + r * columns, columns, scales[r]);
    return;
  }
  int64_t row = 0, row_end = columns;
  for (int64_t i = 0; i < rows * columns; i += kLanes) {
    Lanes scale = Lanes{} + scales[row];
    const int64_t left = row_end - i;
    if (left < kLanes && row + 1 < rows) {
      scale = kLaneIndex < static_cast<int32_t>(left) ? scale : Lanes{} + scales[row + 1];
    }
    Store(out + i) = scale;
    if (left <= kLanes) ++row, row_end += columns;
  }
}

// n parameters of rows that the batch does not touch.
inline void UpdateUntouched(const OptimizerStep& step, int64_t n, float* __restrict theta,
                            float* __restrict m, float* __restrict v) {
  const OptimizerStep s = step;
  if (s.kind == OptimizerKind::kAdam) {
    for (int64_t i = 0; i < n; ++i) {
      const Element next = Adam(s, 0.0f, theta[i], m[i], v[i]);
      theta[i] = next.theta;
      m[i] = next.m;
      v[i] = next.v;
    }
  } else if (s.kind == OptimizerKind::kSgd && m != nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      m[i] = s.momentum * m[i];
      theta[i] = Sgd(s, m[i], theta[i]);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) theta[i] = s.keep * theta[i];
  }
}

// The same for whole rows, of which dimensions may be frozen.
inline void UpdateUntouchedRows(const OptimizerStep& step, int64_t rows, int64_t dim,
                                const float* live, float* theta, float* m, float* v) {
  if (live == nullptr) return UpdateUntouched(step, rows * dim, theta, m, v);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t d = 0; d < dim; ++d) {
      const int64_t i = r * dim + d;
      if (live[d] == 0.0f) continue;
      UpdateUntouched(step, 1, theta + i, m == nullptr ? nullptr : m + i,
                      v == nullptr ? nullptr : v + i);
    }
  }
}

}  // namespace

int MomentCount(const OptimizerSettings& settings) {
  if (settings.kind == OptimizerKind::kAdam) return 2;
  if (settings.kind == OptimizerKind::kAdagrad) return 1;
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
  if (settings.kind == OptimizerKind::kAdagrad) {
    step.rate = static_cast<float>(learning_rate);
    step.epsilon = static_cast<float>(settings.epsilon);
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
void OptimizerUpdate(const OptimizerStep& step, int64_t n, float scale, const float* g,
                     float* theta, float* m, float* v) {
  UpdateRun(step, n, scale, g, theta, m, v);
}

WINNOW_MULTIVERSION
void OptimizerUpdateScaled(const OptimizerStep& step, int64_t n, const float* scales,
                           const float* g, float* theta, float* m, float* v) {
  UpdateScaledRun<true>(step, n, scales, g, theta, m, v);
}

WINNOW_MULTIVERSION
void OptimizerUpdateByRow(const OptimizerStep& step, int64_t rows, int64_t columns,
                          const float* scales, const float* g, float* theta, float* m, float* v) {
  const auto from = [](float* p, int64_t i) { return p == nullptr ? nullptr : p + i; };
  if (columns > kShortRow) {
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = r * columns;
      UpdateRun(step, columns, scales[r], g + at, theta + at, from(m, at), from(v, at));
    }
    return;
  }
  alignas(64) float expanded[kExpanded + kLanes];
  for (int64_t first = 0; first < rows;) {
    const int64_t count = std::min(rows - first, kExpanded / columns), at = first * columns;
    ExpandRows(count, columns, scales + first, expanded);
    UpdateScaledRun<false>(step, count * columns, expanded, g + at, theta + at, from(m, at),
                           from(v, at));
    first += count;
  }
}

namespace {

// Rows ahead whose parameters and moments are asked for.
constexpr int64_t kAhead = 16;

inline void PrefetchRow(const float* theta, const float* m, const float* v, int64_t at,
                        int64_t dim) {
  constexpr int64_t kLine = 16;
  for (int64_t d = 0; d < dim; d += kLine) {
    __builtin_prefetch(theta + at + d, 1);
    if (m != nullptr) __builtin_prefetch(m + at + d, 1);
    if (v != nullptr) __builtin_prefetch(v + at + d, 1);
  }
}

}  // namespace

WINNOW_MULTIVERSION
void OptimizerUpdateRows(const OptimizerStep& step, int64_t count, int64_t dim,
                         const int32_t* codes, const float* live, const float* __restrict g,
                         float* __restrict theta, float* __restrict m, float* __restrict v) {
  for (int64_t r = 0; r < count; ++r) {
    if (r + kAhead < count) PrefetchRow(theta, m, v, codes[r + kAhead] * dim, dim);
    const int64_t at = codes[r] * dim;
    UpdateRow(step, dim, live, g + r * dim, theta + at, m == nullptr ? nullptr : m + at,
              v == nullptr ? nullptr : v + at);
  }
}

WINNOW_MULTIVERSION
void OptimizerUpdateTable(const OptimizerStep& step, int64_t begin, int64_t end, int64_t count,
                          int64_t dim, const int32_t* codes, int32_t* slots, const float* live,
                          const float* g, float* theta, float* m, float* v) {
  const auto at = [dim](float* p, int64_t row) { return p == nullptr ? nullptr : p + row * dim; };
  for (int64_t r = 0; r < count; ++r) slots[codes[r]] = static_cast<int32_t>(r);
  for (int64_t row = begin; row < end;) {
    if (slots[row] >= 0) {
      UpdateRow(step, dim, live, g + slots[row] * dim, at(theta, row), at(m, row), at(v, row));
      slots[row++] = -1;
      continue;
    }
    const int64_t next =
        std::find_if(slots + row, slots + end, [](int32_t slot) { return slot >= 0; }) - slots;
    UpdateUntouchedRows(step, next - row, dim, live, at(theta, row), at(m, row), at(v, row));
    row = next;
  }
}

}  // namespace winnow::ops
