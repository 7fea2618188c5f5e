// oneDNN reads the cap from the environment; asking it keeps our kernels and its own on one level.
#include "kernels/ops/isa.h"
#include "oneapi/dnnl/dnnl.h"

namespace winnow::ops {
namespace {

Isa CpuIsa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Isa::kPortable;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx2;
  }
  return __builtin_cpu_supports("avx512bf16") ? Isa::kAvx512Bf16 : Isa::kAvx512;
#else
  return Isa::kPortable;
#endif
}

// The levels are sets of bits, each with those of the levels that it contains.
Isa AllowedIsa() {
  const auto allowed = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
  const auto contains = [allowed](unsigned level) { return (allowed & level) == level; };
  if (contains(dnnl_cpu_isa_avx512_core_bf16)) return Isa::kAvx512Bf16;
  if (contains(dnnl_cpu_isa_avx512_core)) return Isa::kAvx512;
  return contains(dnnl_cpu_isa_avx2) ? Isa::kAvx2 : Isa::kPortable;
}

}  // namespace

Isa ActiveIsa() {
  static const Isa isa = CpuIsa() < AllowedIsa() ? CpuIsa() : AllowedIsa();
  return isa;
}

std::vector<Isa> UsableIsas() {
  std::vector<Isa> usable;
  for (int level = 0; level <= static_cast<int>(ActiveIsa()); ++level) {
    usable.push_back(static_cast<Isa>(level));
  }
  return usable;
}

const char* NameOf(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx512Bf16:
      return "avx512_bf16";
  }
  return "";
}

}  // namespace winnow::ops
