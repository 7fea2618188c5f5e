// How long the kernels of this process have worked, by kind: for metrics, never for a result.
#ifndef WINNOW_KERNELS_BASE_KERNEL_CLOCK_H_
#define WINNOW_KERNELS_BASE_KERNEL_CLOCK_H_

#include <array>
#include <chrono>

namespace winnow {

// The parallel phases in which a job's mathematics is done.
enum class Kernel {
  kPack,      // masked weights packed for the products of a step
  kRows,      // of a training step: gather, forward, loss, backward-data
  kOutputs,   // of a training step: weight gradients and the optimizer
  kPredict,   // forward alone
  kGradient,  // gradients without an update
};
inline constexpr std::array kKernels = {Kernel::kPack, Kernel::kRows, Kernel::kOutputs,
                                        Kernel::kPredict, Kernel::kGradient};

const char* KernelName(Kernel kernel);  // "pack", "rows", ...

// Seconds since the process began, as the thread that drives the phases saw them.
// THREAD-SAFETY: any thread.
double KernelSeconds(Kernel kernel);

// Adds its lifetime to a kernel. Costs two readings of the clock, some 50 ns.
class KernelTimer {
 public:
  explicit KernelTimer(Kernel kernel) : kernel_(kernel), start_(Clock::now()) {}
  ~KernelTimer();
  KernelTimer(const KernelTimer&) = delete;
  KernelTimer& operator=(const KernelTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  const Kernel kernel_;
  const Clock::time_point start_;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_KERNEL_CLOCK_H_
