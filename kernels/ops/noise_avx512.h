// Random blocks of noise.h, eight at a time, for CPUs with AVX-512.
#ifndef WINNOW_KERNELS_OPS_NOISE_AVX512_H_
#define WINNOW_KERNELS_OPS_NOISE_AVX512_H_

#include <cstdint>

namespace winnow::ops::avx512 {

// words[4 i ..] = Philox(key, stream, counter + i) of base/rng.h, i in [0, 8).
void PhiloxBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words);

}  // namespace winnow::ops::avx512

#endif  // WINNOW_KERNELS_OPS_NOISE_AVX512_H_
