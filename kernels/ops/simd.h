// Vectors and sums of floats with the same bytes for every vector width (base/multiversion.h): sums
// go through Lanes, whose 16 partial sums and final tree are fixed.
#ifndef WINNOW_KERNELS_OPS_SIMD_H_
#define WINNOW_KERNELS_OPS_SIMD_H_

#include <cstdint>
#include <cstring>

#include "kernels/base/multiversion.h"

namespace winnow::ops {

inline constexpr int kLanes = 16;

// 16 floats, at any 4-byte aligned address.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));

inline const Lanes& Load(const float* p) { return *reinterpret_cast<const Lanes*>(p); }
inline Lanes& Store(float* p) { return *reinterpret_cast<Lanes*>(p); }

// The fixed tree: halves are added, l_i + l_(i + half), until one value is left.
inline float SumLanes(const Lanes& lanes) {
  float part[kLanes];
  std::memcpy(part, &lanes, sizeof(part));
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}

// n rounded up to a multiple of kLanes: the row stride of every matrix in a workspace, so that rows
// can be read in whole vectors.
inline constexpr int64_t RoundUpToLanes(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_SIMD_H_
