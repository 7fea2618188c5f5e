#include "kernels/selectors/magnitude.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

Script Blocks(int64_t keep, int64_t steps, ParamValues params = {}) {
  return {.candidates = PlainCandidates(GateKind::kFeature, 6),
          .budget = Count(keep),
          .steps = steps,
          .params = std::move(params)};
}

TEST(MagnitudeTest, OneCutAtTheEndOfTheDenseShareThenTheSameMask) {
  Scripted run("magnitude", Blocks(3, 100));
  run.probe.contributions = {3, 1, 4, 1, 5, 9};
  run.StepTo(69);
  EXPECT_THAT(run.mask(), Each(1.0f));
  const StepOutcome cut = run.Step();
  EXPECT_THAT(cut.picks, SizeIs(3));
  EXPECT_EQ(cut.phase, "sparse");
  EXPECT_EQ(cut.sparsity, 0.5);
  run.probe.contributions = {9, 9, 9, 9, 0, 0};  // too late
  for (const StepOutcome& outcome : run.StepTo(100)) EXPECT_FALSE(outcome.mask_changed);
  EXPECT_THAT(run.mask(), ElementsAre(0, 0, 1, 0, 1, 1));
  EXPECT_THAT(Candidates(run.selector().picks()), ElementsAre(5, 4, 2));
}

TEST(MagnitudeTest, AllDenseCutsAtTheVeryEnd) {
  Scripted run("magnitude", Blocks(2, 50, {{"dense_fraction", 1.0}}));
  run.StepTo(49);
  EXPECT_THAT(run.mask(), Each(1.0f));
  const StepOutcome last = run.Step();
  EXPECT_TRUE(last.done);
  EXPECT_THAT(last.picks, SizeIs(2));
}

}  // namespace
}  // namespace winnow::selectors
