// Which instruction set the kernels use in this process; part of a result's identity.
#ifndef WINNOW_SERVER_WORKER_INSTRUCTION_SET_H_
#define WINNOW_SERVER_WORKER_INSTRUCTION_SET_H_

#include <string>

namespace winnow::worker {

// "avx512_bf16", "avx512", "avx2" or "portable": the processor's best, capped by
// ONEDNN_MAX_CPU_ISA.
std::string InstructionSetName();

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_INSTRUCTION_SET_H_
