#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/selectors/registry.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

std::vector<float> Scores(TestRun& run) {
  return {run.selector().scores().begin(), run.selector().scores().end()};
}

// Pieces of evaluation are resumed like steps.
TEST(EvaluationTest, ResumedBetweenPiecesEqualsUninterrupted) {
  const PlantedData data = MakePlanted(GateKind::kFeature, 1);
  for (const char* name : {"permutation", "univariate", "lassonet"}) {
    const Row& row = *FindSelector(name);
    TestRun whole(row, data, {});
    whole.RunToEnd();
    TestRun first(row, data, {});
    first.RunTo(first.problem().total_steps);
    for (int piece = 0; piece < 13 && !first.done(); ++piece) first.Step();
    TestRun second(row, data, {});
    second.Resume(first);
    second.RunToEnd();
    EXPECT_EQ(Scores(second), Scores(whole)) << name;
    EXPECT_EQ(Candidates(second.selector().picks()), Candidates(whole.selector().picks())) << name;
  }
}

TEST(PermutationTest, SeesAnInteractionThatNoColumnShowsAlone) {
  const PlantedData data = MakeXor(10, 4000, 1);
  Budget budget;
  budget.max_count = 2;
  TestRun run(*FindSelector("permutation"), data,
              {.params = {{"steps", int64_t{900}}, {"shuffles", int64_t{1}}},
               .budget = budget,
               .learning_rate = 0.02});
  run.RunToEnd();
  EXPECT_EQ(Sorted(Candidates(run.selector().picks())), data.truth);
}

}  // namespace
}  // namespace winnow::selectors
