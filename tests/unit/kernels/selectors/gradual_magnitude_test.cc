#include "kernels/selectors/gradual_magnitude.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;

constexpr char kName[] = "gradual_magnitude";

Script Candidates(GateKind gate, int32_t n, int64_t keep, int64_t steps) {
  return {.candidates = PlainCandidates(gate, n), .budget = Count(keep), .steps = steps};
}

TEST(GradualMagnitudeTest, HasNoGatesAndAsksForNoGradient) {
  Scripted run(kName, Candidates(GateKind::kBlock, 30, 5, 100));
  while (run.step() < 100) {
    EXPECT_FALSE(run.selector().needs_mask_gradient());
    EXPECT_THAT(run.mask(), Each(AnyOf(0.0f, 1.0f)));
    run.Step();
  }
  EXPECT_EQ(run.selector().logit_stddev(), 0.0);
}

TEST(GradualMagnitudeTest, BlocksGoByNormFeaturesAndChunksByContribution) {
  for (const GateKind gate : {GateKind::kBlock, GateKind::kFeature, GateKind::kChunk}) {
    Scripted run(kName, Candidates(gate, 6, 2, 100));
    run.probe.norms = {1, 2, 3, 4, 5, 6};
    run.probe.contributions = {6, 5, 4, 3, 2, 1};
    run.StepTo(100);
    std::vector<int32_t> kept;
    for (const Pick& pick : run.selector().picks()) kept.push_back(pick.candidate);
    if (gate == GateKind::kBlock) {
      EXPECT_THAT(kept, ElementsAre(5, 4));
    } else {
      EXPECT_THAT(kept, ElementsAre(0, 1));
    }
  }
}

TEST(GradualMagnitudeTest, ThePickSaysTheNormItHadAtTheEnd) {
  Scripted run(kName, Candidates(GateKind::kBlock, 4, 1, 100));
  run.probe.norms = {1, 2, 8, 4};
  run.StepTo(100);
  EXPECT_EQ(run.selector().picks().front().score, 8.0);
}

}  // namespace
}  // namespace winnow::selectors
