// bfloat16: the upper 16 bits of a float, rounded to nearest, ties to even.
//
// Products of bf16 operands read pairs of neighbours along the index they sum over, one 32-bit
// word a pair, the first in the lower half. Two layouts of a matrix X [rows x n] give them:
//   rows    x(i, j) at half[i * ld + j]                       sums over columns
//   pairs   x(i, j) at pairs[(i / 2 * ld + j) * 2 + i % 2]    sums over rows
#ifndef WINNOW_KERNELS_OPS_HALF_H_
#define WINNOW_KERNELS_OPS_HALF_H_

#include <cstdint>
#include <cstring>

#include "kernels/ops/isa.h"

namespace winnow::ops {

using Half = uint16_t;

// Infinities stay; NaN becomes a quiet NaN.
inline Half ToHalf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return static_cast<Half>(is_nan ? (bits >> 16) | 0x40 : rounded);
}

inline float ToFloat(Half value) {
  const uint32_t bits = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

// Whether the products of half_product.h run here: they need the CPU's own bf16 instructions.
inline bool HasHalfProducts() { return ActiveIsa() >= Isa::kAvx512Bf16; }

// Rows [0, rows) of X, the first of which has an even number, in both layouts; columns from n up to
// a multiple of 16 become 0, and so does the missing second half of a last pair. `half` may be
// null, then only pairs.
void RoundRows(int64_t rows, int64_t n, const float* x, int64_t ldx, Half* half, Half* pairs,
               int64_t ld);

// out[j] = the pair (even_scale even[j], odd_scale odd[j]); `odd` may be null: 0.
void RoundPair(int64_t n, const float* even, const float* odd, uint32_t* out,
               float even_scale = 1.0f, float odd_scale = 1.0f);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_HALF_H_
