// The level of the instruction set whose kernels run: the best that the CPU has, capped by the
// environment's ONEDNN_MAX_CPU_ISA (AVX2, AVX512_CORE, ...). Fixed for the life of a process.
#ifndef WINNOW_KERNELS_OPS_ISA_H_
#define WINNOW_KERNELS_OPS_ISA_H_

#include <vector>

namespace winnow::ops {

// Each level contains those before it. kAvx2 includes FMA; kAvx512 is F, BW, DQ and VL.
enum class Isa { kPortable, kAvx2, kAvx512, kAvx512Bf16 };

Isa ActiveIsa();

// kPortable up to ActiveIsa(): for tests of every path that this machine has.
std::vector<Isa> UsableIsas();

// "portable", "avx2", "avx512", "avx512_bf16".
const char* NameOf(Isa isa);

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_ISA_H_
