#include "kernels/base/kernel_clock.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace winnow {
namespace {

std::array<std::atomic<int64_t>, kKernels.size()> g_nanoseconds;

std::atomic<int64_t>& CounterOf(Kernel kernel) {
  return g_nanoseconds[static_cast<size_t>(kernel)];
}

}  // namespace

const char* KernelName(Kernel kernel) {
  switch (kernel) {
    case Kernel::kPack:
      return "pack";
    case Kernel::kRows:
      return "rows";
    case Kernel::kOutputs:
      return "outputs";
    case Kernel::kPredict:
      return "predict";
    case Kernel::kGradient:
      return "gradient";
  }
  return "";
}

double KernelSeconds(Kernel kernel) {
  return static_cast<double>(CounterOf(kernel).load(std::memory_order_relaxed)) * 1e-9;
}

KernelTimer::~KernelTimer() {
  const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_);
  CounterOf(kernel_).fetch_add(passed.count(), std::memory_order_relaxed);
}

}  // namespace winnow
