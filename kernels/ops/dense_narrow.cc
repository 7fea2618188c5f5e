#include "kernels/ops/dense_narrow.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// Inputs whose weights are copied to the stack at a time, padded to whole vectors (4 KiB).
constexpr int64_t kPanel = 64;

// panel[k * 16 + j] = w[k * outputs + j], 0 for j >= outputs.
inline void PadPanel(int64_t inputs, int64_t outputs, const float* w, float* panel) {
  std::memset(panel, 0, static_cast<size_t>(inputs * kLanes) * sizeof(float));
  for (int64_t k = 0; k < inputs; ++k) {
    std::memcpy(panel + k * kLanes, w + k * outputs, static_cast<size_t>(outputs) * sizeof(float));
  }
}

// panel[j * 64 + k] = w[k * outputs + j], 0 for k >= inputs.
inline void TransposePanel(int64_t inputs, int64_t outputs, const float* w, float* panel) {
  std::memset(panel, 0, static_cast<size_t>(outputs * kPanel) * sizeof(float));
  for (int64_t k = 0; k < inputs; ++k) {
    for (int64_t j = 0; j < outputs; ++j) panel[j * kPanel + k] = w[k * outputs + j];
  }
}

}  // namespace

WINNOW_MULTIVERSION
void DotForward(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* w, float* z,
                int64_t ldz) {
  const int64_t whole = inputs / kLanes * kLanes;
  alignas(64) float tail[kLanes] = {};
  std::memcpy(tail, w + whole, static_cast<size_t>(inputs - whole) * sizeof(float));
  for (int64_t i = 0; i < rows; ++i) {
    const float* row = x + i * ldx;
    Lanes sum = {};
    for (int64_t k = 0; k < whole; k += kLanes) sum += Load(row + k) * Load(w + k);
    for (int64_t k = whole; k < inputs; ++k) sum[k - whole] += row[k] * tail[k - whole];
    z[i * ldz] = SumLanes(sum);
  }
}

WINNOW_MULTIVERSION
void DotWeightGradient(int64_t rows, int64_t inputs, const float* x, int64_t ldx, const float* dz,
                       int64_t ldz, float* g) {
  constexpr int64_t kStrip = 4 * kLanes;
  int64_t k = 0;
  for (; k + kStrip <= inputs; k += kStrip) {
    Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int64_t i = 0; i < rows; ++i) {
      const float* row = x + i * ldx + k;
      const float d = dz[i * ldz];
      s0 += Load(row) * d;
      s1 += Load(row + kLanes) * d;
      s2 += Load(row + 2 * kLanes) * d;
      s3 += Load(row + 3 * kLanes) * d;
    }
    Store(g + k) = s0;
    Store(g + k + kLanes) = s1;
    Store(g + k + 2 * kLanes) = s2;
    Store(g + k + 3 * kLanes) = s3;
  }
  for (; k < inputs; k += kLanes) {
    Lanes sum = {};
    for (int64_t i = 0; i < rows; ++i) sum += Load(x + i * ldx + k) * dz[i * ldz];
    const int64_t count = std::min<int64_t>(kLanes, inputs - k);
    std::memcpy(g + k, &sum, static_cast<size_t>(count) * sizeof(float));
  }
}

WINNOW_MULTIVERSION
void NarrowForward(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                   const float* w, float* z, int64_t ldz) {
  alignas(64) float panel[kPanel * kLanes];
  for (int64_t k0 = 0; k0 < inputs; k0 += kPanel) {
    const int64_t count = std::min(kPanel, inputs - k0);
    PadPanel(count, outputs, w + k0 * outputs, panel);
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      const float* r0 = x + i * ldx + k0;
      const float* r1 = r0 + ldx;
      const float* r2 = r1 + ldx;
      const float* r3 = r2 + ldx;
      float* out = z + i * ldz;
      Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
      if (k0 > 0) {
        s0 = Load(out), s1 = Load(out + ldz), s2 = Load(out + 2 * ldz), s3 = Load(out + 3 * ldz);
      }
      for (int64_t k = 0; k < count; ++k) {
        const Lanes weights = Load(panel + k * kLanes);
        s0 += r0[k] * weights;
        s1 += r1[k] * weights;
        s2 += r2[k] * weights;
        s3 += r3[k] * weights;
      }
      Store(out) = s0, Store(out + ldz) = s1, Store(out + 2 * ldz) = s2, Store(out + 3 * ldz) = s3;
    }
    for (; i < rows; ++i) {
      const float* row = x + i * ldx + k0;
      Lanes sum = {};
      if (k0 > 0) sum = Load(z + i * ldz);
      for (int64_t k = 0; k < count; ++k) sum += row[k] * Load(panel + k * kLanes);
      Store(z + i * ldz) = sum;
    }
  }
}

WINNOW_MULTIVERSION
void NarrowBackwardData(int64_t rows, int64_t inputs, int64_t outputs, const float* dz, int64_t ldz,
                        const float* w, float* dx, int64_t ldx) {
  alignas(64) float panel[kLanes * kPanel];
  for (int64_t k0 = 0; k0 < inputs; k0 += kPanel) {
    const int64_t count = std::min(kPanel, inputs - k0);
    TransposePanel(count, outputs, w + k0 * outputs, panel);
    for (int64_t i = 0; i < rows; ++i) {
      const float* delta = dz + i * ldz;
      float* out = dx + i * ldx + k0;
      Lanes s0 = {}, s1 = {}, s2 = {}, s3 = {};
      for (int64_t j = 0; j < outputs; ++j) {
        const float* weights = panel + j * kPanel;
        const float d = delta[j];
        s0 += d * Load(weights);
        s1 += d * Load(weights + kLanes);
        s2 += d * Load(weights + 2 * kLanes);
        s3 += d * Load(weights + 3 * kLanes);
      }
      alignas(64) float sums[kPanel];
      Store(sums) = s0, Store(sums + kLanes) = s1;
      Store(sums + 2 * kLanes) = s2, Store(sums + 3 * kLanes) = s3;
      std::memcpy(out, sums, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

WINNOW_MULTIVERSION
void NarrowWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x,
                          int64_t ldx, const float* dz, int64_t ldz, float* g) {
  constexpr int64_t kStrip = 8;
  for (int64_t k0 = 0; k0 < inputs; k0 += kStrip) {
    const int64_t count = std::min(kStrip, inputs - k0);
    Lanes sums[kStrip] = {};
    for (int64_t i = 0; i < rows; ++i) {
      const Lanes delta = Load(dz + i * ldz);
      const float* row = x + i * ldx + k0;
      for (int64_t k = 0; k < kStrip; ++k) sums[k] += row[k] * delta;
    }
    for (int64_t k = 0; k < count; ++k) {
      std::memcpy(g + (k0 + k) * outputs, &sums[k], static_cast<size_t>(outputs) * sizeof(float));
    }
  }
}

}  // namespace winnow::ops
