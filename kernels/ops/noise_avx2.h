// Random blocks of noise.h, eight at a time, for CPUs with AVX2.
#ifndef WINNOW_KERNELS_OPS_NOISE_AVX2_H_
#define WINNOW_KERNELS_OPS_NOISE_AVX2_H_

#include <cstdint>

namespace winnow::ops::avx2 {

// words[4 i ..] = Philox(key, stream, counter + i) of base/rng.h, i in [0, 8).
void PhiloxBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words);

}  // namespace winnow::ops::avx2

#endif  // WINNOW_KERNELS_OPS_NOISE_AVX2_H_
