#include "kernels/base/kernel_clock.h"

#include <chrono>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernels/base/stopwatch.h"

namespace winnow {
namespace {

TEST(KernelClockTest, TimeGoesToItsKernelAlone) {
  const double rows = KernelSeconds(Kernel::kRows);
  const double pack = KernelSeconds(Kernel::kPack);
  Stopwatch watch;
  {
    const KernelTimer timer(Kernel::kRows);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the work that is timed
  }
  const double passed = watch.Restart();
  EXPECT_GE(KernelSeconds(Kernel::kRows) - rows, 0.005);
  EXPECT_LE(KernelSeconds(Kernel::kRows) - rows, passed);
  EXPECT_EQ(KernelSeconds(Kernel::kPack), pack);
  EXPECT_LT(watch.Restart(), passed + 1);  // begins again from 0
}

TEST(KernelClockTest, EveryKernelHasItsOwnName) {
  for (const Kernel a : kKernels) {
    EXPECT_STRNE(KernelName(a), "");
    for (const Kernel b : kKernels) {
      EXPECT_EQ(a == b, std::string(KernelName(a)) == KernelName(b));
    }
  }
}

}  // namespace
}  // namespace winnow
