#include "kernels/train/schedule.h"

#include <cmath>
#include <numbers>

namespace winnow::train {

double RateFactor(plan::Schedule schedule, double final_fraction, int64_t step,
                  int64_t total_steps) {
  const double t = static_cast<double>(step) / static_cast<double>(total_steps);
  switch (schedule) {
    case plan::Schedule::kConstant:
      return 1.0;
    case plan::Schedule::kCosine:
      return final_fraction + (1 - final_fraction) * 0.5 * (1 + std::cos(std::numbers::pi * t));
    case plan::Schedule::kLinear:
      return 1 - (1 - final_fraction) * t;
    case plan::Schedule::kExponential:
      return std::pow(final_fraction, t);
  }
  return 1.0;
}

}  // namespace winnow::train
