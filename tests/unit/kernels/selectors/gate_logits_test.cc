#include "kernels/selectors/gate_logits.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace winnow::selectors {
namespace {

class GateLogitsTest : public ::testing::Test {
 protected:
  const std::vector<int32_t> all_ = {0, 1, 2, 3};
  const RngStream stream_{7, "test/logits"};
};

TEST_F(GateLogitsTest, DrawsAreTinyAndDifferFromDrawToDraw) {
  GateLogits a(4), b(4);
  a.Redraw(all_, stream_, 0);
  b.Redraw(all_, stream_, 4);
  for (int c : all_) {
    EXPECT_LT(std::abs(a.values()[c]), 1e-4);
    EXPECT_NE(a.values()[c], 0.0f);
    EXPECT_NE(a.values()[c], b.values()[c]);
  }
}

TEST_F(GateLogitsTest, FirstAdamStepHasTheSizeOfTheRateWhateverTheGradient) {
  GateLogits logits(4);
  const std::vector<float> gradient = {1e-3f, -5.0f, 0.0f, 2.0f};
  logits.Update(LogitOptimizer::kAdam, all_, gradient, 0.01, 0.0);
  EXPECT_NEAR(logits.values()[0], -0.01, 1e-6);
  EXPECT_NEAR(logits.values()[1], 0.01, 1e-6);
  EXPECT_EQ(logits.values()[2], 0.0f);
}

TEST_F(GateLogitsTest, AdamFollowsThePublishedRecursion) {
  GateLogits logits(1);
  const std::vector<int32_t> only = {0};
  double w = 0, m = 0, v = 0;
  for (int t = 1; t <= 50; ++t) {
    const float g = static_cast<float>(std::sin(0.3 * t) + 0.2);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= 0.02 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    logits.Update(LogitOptimizer::kAdam, only, std::vector<float>{g}, 0.02, 0.0);
  }
  EXPECT_NEAR(logits.values()[0], w, 1e-5);
}

// Blocks of members with and without gaps, and members of different step numbers.
TEST_F(GateLogitsTest, MembersTogetherMoveAsEachAlone) {
  constexpr int kSize = 200;
  std::vector<int32_t> members;
  for (int32_t i = 0; i < kSize; ++i) {
    if (i < 70 || i % 3 != 0) members.push_back(i);
  }
  GateLogits together(kSize), alone(kSize);
  for (int t = 0; t < 5; ++t) {
    std::vector<float> gradient(kSize);
    for (int i = 0; i < kSize; ++i) gradient[i] = static_cast<float>(std::sin(i + 0.3 * t));
    if (t == 2) members.resize(130);
    together.Update(LogitOptimizer::kAdam, members, gradient, 0.02, 0.1);
    for (const int32_t i : members) {
      alone.Update(LogitOptimizer::kAdam, std::vector<int32_t>{i}, gradient, 0.02, 0.1);
    }
    if (t == 3) members.push_back(kSize - 1);
  }
  EXPECT_THAT(together.values(), ::testing::ElementsAreArray(alone.values()));
}

TEST_F(GateLogitsTest, SgdAndDecoupledDecayByHand) {
  GateLogits logits(4);
  logits.Update(LogitOptimizer::kSgd, all_, std::vector<float>{-1, 0, 0, 0}, 0.5, 0.0);
  EXPECT_EQ(logits.values()[0], 0.5f);
  logits.Update(LogitOptimizer::kSgd, all_, std::vector<float>{0, 0, 0, 0}, 0.5, 0.2);
  EXPECT_FLOAT_EQ(logits.values()[0], 0.45f);
}

TEST_F(GateLogitsTest, OnlyMembersMove) {
  GateLogits logits(4);
  const std::vector<int32_t> some = {1, 3};
  logits.Update(LogitOptimizer::kAdam, some, std::vector<float>{9, 9, 9, 9}, 0.1, 0.0);
  EXPECT_EQ(logits.values()[0], 0.0f);
  EXPECT_EQ(logits.values()[2], 0.0f);
  EXPECT_NE(logits.values()[1], 0.0f);
}

TEST_F(GateLogitsTest, RedrawClearsTheMoments) {
  GateLogits logits(4);
  const std::vector<float> gradient = {1, 1, 1, 1};
  for (int i = 0; i < 20; ++i) {
    logits.Update(LogitOptimizer::kAdam, all_, gradient, 0.01, 0.0);
  }
  logits.Redraw(all_, stream_, 0);
  const float drawn = logits.values()[0];
  // With the old moments kept the step would still go down.
  logits.Update(LogitOptimizer::kAdam, all_, std::vector<float>{-1, -1, -1, -1}, 0.01, 0.0);
  EXPECT_NEAR(logits.values()[0] - drawn, 0.01, 1e-6);
}

TEST_F(GateLogitsTest, StandardDeviationByHand) {
  GateLogits logits(4);
  logits.Update(LogitOptimizer::kSgd, all_, std::vector<float>{1, -1, 1, -1}, 1.0, 0.0);
  EXPECT_DOUBLE_EQ(logits.StandardDeviation(all_), 1.0);
  EXPECT_EQ(logits.StandardDeviation({}), 0.0);
}

TEST_F(GateLogitsTest, LoadRefusesStateOfAnotherSize) {
  Checkpoint checkpoint;
  GateLogits(3).Save("s", checkpoint);
  EXPECT_THAT(GateLogits(4).Load("s", checkpoint), test::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace winnow::selectors
