// Which instruction set the kernels use; part of a result's identity.
#ifndef WINNOW_SERVER_BASE_INSTRUCTION_SET_H_
#define WINNOW_SERVER_BASE_INSTRUCTION_SET_H_

#include <string>

namespace winnow::server {

// "avx512_bf16", "avx512", "avx2" or "portable": the processor's best, capped by
// ONEDNN_MAX_CPU_ISA.
std::string InstructionSetName();

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_INSTRUCTION_SET_H_
