#include "kernels/selectors/gate_score.h"

#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

GateScore Make(const std::string& score, double exponent) {
  return GateScore({{"score", score}, {"cost_exponent", exponent}});
}

class GateScoreTest : public ::testing::Test {
 protected:
  GateScoreTest() {
    probe_.contributions = {1.0f, std::exp(2.0f), 0.0f};
    candidates_.items[1].cost.bytes = 100;
    candidates_.items[2].cost = {.price = 10, .bytes = 0};
  }

  CandidateSet candidates_ = PlainCandidates(GateKind::kChunk, 3);
  FixedProbe probe_{3};
  const std::vector<float> logits_ = {0.5f, -0.5f, 0.25f};
};

TEST_F(GateScoreTest, GateIsTheLogitAlone) {
  ASSERT_OK_AND_ASSIGN(const auto scores, Make("gate", 0).Of(logits_, candidates_, {}, probe_));
  EXPECT_EQ(scores, logits_);
}

TEST_F(GateScoreTest, MagnitudeAddsTheLogOfTheContribution) {
  ASSERT_OK_AND_ASSIGN(const auto scores,
                       Make("gate_magnitude", 0).Of(logits_, candidates_, {}, probe_));
  EXPECT_NEAR(scores[0], 0.5, 1e-6);
  EXPECT_NEAR(scores[1], 1.5, 1e-6);
  EXPECT_LT(scores[2], -50);
  EXPECT_TRUE(std::isfinite(scores[2]));
}

TEST_F(GateScoreTest, CostIsBytesWhereThereAreAnyElseThePrice) {
  ASSERT_OK_AND_ASSIGN(const auto scores, Make("gate", 0.3).Of(logits_, candidates_, {}, probe_));
  EXPECT_NEAR(scores[0], 0.5, 1e-6);
  EXPECT_NEAR(scores[1], -0.5 - 0.3 * std::log(100.0), 1e-5);
  EXPECT_NEAR(scores[2], 0.25 - 0.3 * std::log(10.0), 1e-5);
}

TEST_F(GateScoreTest, CostIsWhatTheBudgetLimits) {
  candidates_.items[1].cost.price = 4;
  ASSERT_OK_AND_ASSIGN(const auto scores,
                       Make("gate", 1).Of(logits_, candidates_, {.max_cost = 20.0}, probe_));
  EXPECT_NEAR(scores[1], -0.5 - std::log(4.0), 1e-5);
  EXPECT_NEAR(scores[2], 0.25 - std::log(10.0), 1e-5);
}

TEST_F(GateScoreTest, WithMagnitudeOverridesTheParameter) {
  const GateScore score = Make("gate", 0).WithMagnitude();
  ASSERT_OK_AND_ASSIGN(const auto scores, score.Of(logits_, candidates_, {}, probe_));
  EXPECT_NEAR(scores[1], 1.5, 1e-6);
}

}  // namespace
}  // namespace winnow::selectors
