// Seconds since it was made or last restarted; for metrics and reports, never for a decision.
#ifndef WINNOW_KERNELS_BASE_STOPWATCH_H_
#define WINNOW_KERNELS_BASE_STOPWATCH_H_

#include <chrono>

namespace winnow {

class Stopwatch {
 public:
  // The seconds that have passed; begins again from 0.
  double Restart() {
    const Clock::time_point now = Clock::now();
    const double passed = std::chrono::duration<double>(now - start_).count();
    start_ = now;
    return passed;
  }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point start_ = Clock::now();
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_STOPWATCH_H_
