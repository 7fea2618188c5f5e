// One source for every vector width, with the same bytes from each.
//
// WINNOW_MULTIVERSION compiles a function for AVX-512, AVX2 and the base set; the loader picks by
// CPU. The build forbids contraction (-ffp-contract=off), elementwise loops round every operation
// as written, and sums go through Lanes, whose 16 partial sums and final tree are fixed: so all
// versions of such a function give the same bytes.
#ifndef WINNOW_KERNELS_OPS_SIMD_H_
#define WINNOW_KERNELS_OPS_SIMD_H_

#include <cstdint>
#include <cstring>

// Sanitizers instrument the functions that choose a version, which run before their run-time is
// ready.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WINNOW_MULTIVERSION
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define WINNOW_MULTIVERSION
#endif
#endif
#if !defined(WINNOW_MULTIVERSION)
#if defined(__x86_64__) && defined(__linux__)
#define WINNOW_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WINNOW_MULTIVERSION
#endif
#endif

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
