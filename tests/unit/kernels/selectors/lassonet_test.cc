// What conformance_test does not ask of the path of LassoNet.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAreArray;
using ::testing::SizeIs;

Budget All(const PlantedData& data) {
  Budget budget;
  budget.max_count = data.candidates.size();
  return budget;
}

std::vector<float> Scores(TestRun& run) {
  return {run.selector().scores().begin(), run.selector().scores().end()};
}

TEST(LassonetTest, TheOrderIsThatOfLeavingWithTheSignalLast) {
  const PlantedData data = MakePlanted(GateKind::kFeature, 2);
  TestRun run(*FindSelector("lassonet"), data, {.budget = All(data)});
  run.RunToEnd();
  const std::vector<Pick> picks = run.selector().picks();
  ASSERT_THAT(picks, SizeIs(10));
  // Effects 1, -.8, .6: the strongest leaves last.
  EXPECT_THAT(Candidates({picks.begin(), picks.begin() + 3}), ElementsAreArray({2, 5, 7}));
  for (size_t i = 1; i < picks.size(); ++i) EXPECT_LE(picks[i].score, picks[i - 1].score);
}

// No feature tells anything alone: the linear connection must let the network's weights decide.
TEST(LassonetTest, SeesAnInteractionThatNoColumnShowsAlone) {
  const PlantedData data = MakeXor(10, 4000, 1);
  Budget budget;
  budget.max_count = 2;
  TestRun run(
      *FindSelector("lassonet"), data,
      {.params = {{"dense_steps", int64_t{1500}}, {"learning_rate", 0.1}}, .budget = budget});
  run.RunToEnd();
  EXPECT_EQ(Sorted(Candidates(run.selector().picks())), data.truth);
}

TEST(LassonetTest, ResumedOnThePathEqualsUninterrupted) {
  const PlantedData data = MakePlanted(GateKind::kFeature, 3);
  const Row& row = *FindSelector("lassonet");
  const RunOptions options = {.params = {{"dense_steps", int64_t{50}}}, .budget = All(data)};
  TestRun whole(row, data, options);
  int pieces = 0;
  for (; !whole.done(); ++pieces) whole.Step();
  ASSERT_GT(pieces, 20);
  for (const int at : {1, 3, pieces / 2, pieces - 2}) {
    TestRun first(row, data, options);
    for (int piece = 0; piece < at; ++piece) first.Step();
    TestRun second(row, data, options);
    second.Resume(first);
    second.RunToEnd();
    EXPECT_EQ(Scores(second), Scores(whole)) << "after " << at << " of " << pieces;
  }
}

// A run that is stopped on the path keeps those still in above those that left.
TEST(LassonetTest, StoppedOnThePathRanksWhatIsInAboveWhatLeft) {
  const PlantedData data = MakePlanted(GateKind::kFeature, 2);
  TestRun whole(*FindSelector("lassonet"), data, {.budget = All(data)});
  int pieces = 0;
  for (; !whole.done(); ++pieces) whole.Step();
  TestRun run(*FindSelector("lassonet"), data, {});
  for (int piece = 0; piece < pieces * 9 / 10; ++piece) run.Step();
  ASSERT_FALSE(run.done());
  ASSERT_OK(run.selector().Finish(run.model()));
  EXPECT_EQ(Sorted(Candidates(run.selector().picks())), data.truth);
}

}  // namespace
}  // namespace winnow::selectors
