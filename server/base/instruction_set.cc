#include "server/base/instruction_set.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace winnow::server {
namespace {

constexpr const char* kNames[] = {"portable", "avx2", "avx512", "avx512_bf16"};

int ProcessorLevel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return 3;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
  return 0;
}

// Values of oneDNN's environment variable, oldest first, with the level they allow.
int EnvironmentCap() {
  const char* value = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (value == nullptr) return 3;
  struct {
    const char* name;
    int level;
  } constexpr kCaps[] = {{"SSE41", 0},           {"AVX", 0},         {"AVX2", 1},
                         {"AVX2_VNNI", 1},       {"AVX512_CORE", 2}, {"AVX512_CORE_VNNI", 2},
                         {"AVX512_CORE_BF16", 3}};
  for (const auto& cap : kCaps) {
    if (std::strcmp(cap.name, value) == 0) return cap.level;
  }
  return 3;
}

}  // namespace

std::string InstructionSetName() { return kNames[std::min(ProcessorLevel(), EnvironmentCap())]; }

}  // namespace winnow::server
