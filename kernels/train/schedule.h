// Learning-rate schedules, as a factor of the peak rate.
//
//   constant     1
//   cosine       f + (1 - f) (1 + cos(pi t / T)) / 2       Loshchilov & Hutter 2017,
//   arXiv:1608.03983, eq. 5 linear       1 - (1 - f) t / T exponential  f^(t / T)
// with step t of T and the final fraction f. At t = 0 each is 1; f itself would be reached at t =
// T.
#ifndef WINNOW_KERNELS_TRAIN_SCHEDULE_H_
#define WINNOW_KERNELS_TRAIN_SCHEDULE_H_

#include <cstdint>

#include "kernels/plan/spec.h"

namespace winnow::train {

// REQUIRES: 0 <= step < total_steps; 0 <= final_fraction <= 1, > 0 for the exponential schedule.
double RateFactor(plan::Schedule schedule, double final_fraction, int64_t step,
                  int64_t total_steps);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SCHEDULE_H_
