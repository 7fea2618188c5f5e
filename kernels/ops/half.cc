#include "kernels/ops/half.h"

#include <algorithm>
#include <cstddef>

#include "kernels/ops/half_avx512_bf16.h"
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
               uint32_t* __restrict out, float even_scale, float odd_scale) {
  if (odd == nullptr) {
    for (int64_t j = 0; j < n; ++j) out[j] = ToHalf(even_scale * even[j]);
    return;
  }
  for (int64_t j = 0; j < n; ++j) {
    out[j] = ToHalf(even_scale * even[j]) | static_cast<uint32_t>(ToHalf(odd_scale * odd[j])) << 16;
  }
}

void RoundRows(int64_t rows, int64_t n, const float* x, int64_t ldx, Half* half, Half* pairs,
               int64_t ld) {
  const int64_t whole = HasHalfProducts() ? n / kLanes * kLanes : 0;
  const int64_t rest = n - whole, padding = RoundUpToLanes(n) - n;
  for (int64_t i = 0; i < rows; i += 2) {
    const float* even = x + i * ldx;
    const float* odd = i + 1 < rows ? even + ldx : nullptr;
    auto* words = reinterpret_cast<uint32_t*>(pairs) + i / 2 * ld;
    Half* half_even = half == nullptr ? nullptr : half + i * ld;
    Half* half_odd = half == nullptr ? nullptr : half_even + ld;
#if defined(__x86_64__)
    if (whole > 0) avx512_bf16::RoundTwoRows(whole, even, odd, half_even, half_odd, words);
#endif
    RoundPair(rest, even + whole, odd == nullptr ? nullptr : odd + whole, words + whole);
    std::fill_n(words + n, padding, 0u);
    if (half == nullptr) continue;
    Round(rest, even + whole, half_even + whole);
    std::fill_n(half_even + n, padding, Half{0});
    if (odd == nullptr) continue;
    Round(rest, odd + whole, half_odd + whole);
    std::fill_n(half_odd + n, padding, Half{0});
  }
}

}  // namespace winnow::ops
