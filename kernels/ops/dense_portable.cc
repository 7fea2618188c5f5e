#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/dense_kernels.h"
#include "kernels/ops/simd.h"

namespace winnow::ops::portable {
namespace {

inline void LoadSome(const float* p, int64_t count, Lanes& lanes) {
  std::memcpy(&lanes, p, static_cast<size_t>(std::min<int64_t>(count, kLanes)) * sizeof(float));
}

inline void StoreSome(float* p, const Lanes& lanes, int64_t count) {
  std::memcpy(p, &lanes, static_cast<size_t>(std::min<int64_t>(count, kLanes)) * sizeof(float));
}

inline void Finish(const PanelProduct& p, Lanes& sum, int64_t row, int64_t column) {
  if (p.bias != nullptr) sum += Load(p.bias + column);
  if (p.relu) sum = sum <= 0.0f ? Lanes{} : sum;
  if (p.active != nullptr) {
    Lanes active = {};
    LoadSome(p.active + row * p.active_stride + column, p.columns - column, active);
    sum = active > 0.0f ? p.scale * sum : Lanes{};
  }
}

}  // namespace

void RunPanelProduct(const PanelProduct& p) {
  const int64_t stride = RoundUpToLanes(p.columns);
  for (int64_t column = 0; column < p.columns; column += kLanes) {
    const int64_t left = p.columns - column;
    for (int64_t i = 0; i < p.rows; ++i) {
      const float* a = p.a + i * p.lda;
      float* c = p.c + i * p.ldc + column;
      Lanes sum = {};
      if (p.accumulate) LoadSome(c, left, sum);
      for (int64_t k = 0; k < p.inner; ++k) sum += a[k] * Load(p.panel + k * stride + column);
      Finish(p, sum, i, column);
      StoreSome(c, sum, left);
    }
  }
}

void RunGradientProduct(const GradientProduct& p) {
  for (int64_t k = 0; k < p.inputs; ++k) {
    for (int64_t column = 0; column < p.outputs; column += kLanes) {
      Lanes sum = {};
      for (int64_t i = 0; i < p.rows; ++i) {
        sum += p.x[i * p.ldx + k] * Load(p.dz + i * p.ldz + column);
      }
      StoreSome(p.g + k * p.ldg + column, sum, p.outputs - column);
    }
  }
}

}  // namespace winnow::ops::portable
