#include "kernels/train/schedule.h"

#include "gtest/gtest.h"

namespace winnow::train {
namespace {

using plan::Schedule;

TEST(ScheduleTest, EverySchedulesStartsAtThePeak) {
  for (Schedule schedule :
       {Schedule::kConstant, Schedule::kCosine, Schedule::kLinear, Schedule::kExponential}) {
    EXPECT_DOUBLE_EQ(RateFactor(schedule, 0.1, 0, 100), 1.0);
  }
}

TEST(ScheduleTest, HalfWayValuesByHand) {
  EXPECT_DOUBLE_EQ(RateFactor(Schedule::kConstant, 0.1, 50, 100), 1.0);
  EXPECT_DOUBLE_EQ(RateFactor(Schedule::kCosine, 0.0, 50, 100), 0.5);
  EXPECT_DOUBLE_EQ(RateFactor(Schedule::kCosine, 0.2, 50, 100), 0.6);
  EXPECT_DOUBLE_EQ(RateFactor(Schedule::kLinear, 0.5, 50, 100), 0.75);
  EXPECT_DOUBLE_EQ(RateFactor(Schedule::kExponential, 0.05, 50, 100), std::sqrt(0.05));
}

TEST(ScheduleTest, FallsFromStepToStepTowardsTheFinalFraction) {
  for (Schedule schedule : {Schedule::kCosine, Schedule::kLinear, Schedule::kExponential}) {
    double before = 2.0;
    for (int step = 0; step < 1000; ++step) {
      const double now = RateFactor(schedule, 0.05, step, 1000);
      EXPECT_LT(now, before);
      EXPECT_GT(now, 0.05);
      before = now;
    }
    EXPECT_NEAR(before, 0.05, 0.004);
  }
}

}  // namespace
}  // namespace winnow::train
