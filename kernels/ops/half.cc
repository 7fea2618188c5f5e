#include "kernels/ops/half.h"

#include <algorithm>
#include <cstddef>

#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

WINNOW_MULTIVERSION
void Round(int64_t n, const float* __restrict x, Half* __restrict out) {
  for (int64_t j = 0; j < n; ++j) out[j] = ToHalf(x[j]);
}

}  // namespace

WINNOW_MULTIVERSION
void RoundPair(int64_t n, const float* __restrict even, const float* __restrict odd,
               uint32_t* __restrict out) {
  if (odd == nullptr) {
    for (int64_t j = 0; j < n; ++j) out[j] = ToHalf(even[j]);
    return;
  }
  for (int64_t j = 0; j < n; ++j) {
    out[j] = ToHalf(even[j]) | static_cast<uint32_t>(ToHalf(odd[j])) << 16;
  }
}

void RoundRows(int64_t rows, int64_t n, const float* x, int64_t ldx, Half* half, Half* pairs,
               int64_t ld) {
  const int64_t padding = RoundUpToLanes(n) - n;
  for (int64_t i = 0; i < rows; i += 2) {
    const float* even = x + i * ldx;
    const float* odd = i + 1 < rows ? even + ldx : nullptr;
    auto* words = reinterpret_cast<uint32_t*>(pairs) + i / 2 * ld;
    RoundPair(n, even, odd, words);
    std::fill_n(words + n, padding, 0u);
    if (half == nullptr) continue;
    for (int64_t r = i; r < std::min(i + 2, rows); ++r) {
      Round(n, x + r * ldx, half + r * ld);
      std::fill_n(half + r * ld + n, padding, Half{0});
    }
  }
}

}  // namespace winnow::ops
