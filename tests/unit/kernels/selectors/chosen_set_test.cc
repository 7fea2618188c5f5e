#include "kernels/selectors/chosen_set.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two fields of three prefix chunks: 0 <- 1 <- 2 and 3 <- 4 <- 5.
CandidateSet TwoFields() {
  CandidateSet set = PlainCandidates(GateKind::kChunk, 6);
  for (int c : {1, 2, 4, 5}) set.items[c].prerequisite = c - 1;
  return set;
}

TEST(ChosenSetTest, FillsByFallingScoreWithTiesToTheLowestIndex) {
  const CandidateSet set = PlainCandidates(GateKind::kFeature, 5);
  ChosenSet chosen(set, Count(3));
  const auto added = chosen.FillByScore(std::vector<float>{1, 3, 2, 3, 2}, 7, 100);
  EXPECT_THAT(Candidates(added), ElementsAre(1, 3, 2));
  EXPECT_EQ(added[0].phase, 7);
  EXPECT_EQ(added[0].score, 3.0);
}

TEST(ChosenSetTest, FollowersCompeteOnlyAfterWhatTheyNeed) {
  const CandidateSet set = TwoFields();
  ChosenSet chosen(set, Count(6));
  EXPECT_THAT(chosen.Eligible(), ElementsAre(0, 3));
  // 2 has the best score and still waits for 0 and 1.
  const auto added = chosen.FillByScore(std::vector<float>{1, 5, 9, 4, 3, 2}, 0, 4);
  EXPECT_THAT(Candidates(added), ElementsAre(3, 4, 5, 0));
  EXPECT_THAT(chosen.Eligible(), ElementsAre(1));
}

TEST(ChosenSetTest, SkipsWhatNoLongerFitsAndTakesWhatDoes) {
  CandidateSet set = PlainCandidates(GateKind::kFeature, 3);
  set.items[0].cost.bytes = 60;
  set.items[1].cost.bytes = 50;
  set.items[2].cost.bytes = 40;
  Budget budget;
  budget.max_bytes = 100;
  ChosenSet chosen(set, budget);
  EXPECT_THAT(Candidates(chosen.FillByScore(std::vector<float>{3, 2, 1}, 0, 100)),
              ElementsAre(0, 2));
  EXPECT_THAT(chosen.Eligible(), IsEmpty());
}

TEST(ChosenSetTest, MustKeepBringsWhatItNeeds) {
  CandidateSet set = TwoFields();
  set.must_keep = {1, 3};
  ChosenSet chosen(set, Count(3));
  ASSERT_OK(chosen.AddMustKeep());
  EXPECT_THAT(Candidates(chosen.picks()), ElementsAre(0, 1, 3));
}

TEST(ChosenSetTest, MustKeepThatDoesNotFitIsNamed) {
  CandidateSet set = TwoFields();
  set.must_keep = {1, 3};
  ChosenSet chosen(set, Count(2));
  EXPECT_THAT(chosen.AddMustKeep(),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'c3'")));
}

TEST(ChosenSetTest, LoadedSetGoesOnWithTheSameAccount) {
  CandidateSet set = PlainCandidates(GateKind::kFeature, 4);
  ChosenSet chosen(set, Count(3));
  chosen.Add(2, 0, 0.5);
  chosen.Add(0, 1, 0.25);
  Checkpoint checkpoint;
  chosen.Save("s", checkpoint);
  ChosenSet loaded(set, Count(3));
  loaded.Add(3, 0, 9.0);  // forgotten by Load
  ASSERT_OK(loaded.Load("s", checkpoint));
  EXPECT_THAT(Candidates(loaded.picks()), ElementsAre(2, 0));
  EXPECT_EQ(loaded.picks()[1].score, 0.25);
  EXPECT_THAT(Candidates(loaded.FillByScore(std::vector<float>{4, 3, 2, 1}, 2, 100)),
              ElementsAre(1));
}

TEST(ChosenSetTest, DamagedPicksAreRefused) {
  const CandidateSet small = PlainCandidates(GateKind::kFeature, 2);
  const CandidateSet large = PlainCandidates(GateKind::kFeature, 9);
  ChosenSet chosen(large, Count(9));
  chosen.Add(8, 0, 0.0);
  Checkpoint checkpoint;
  chosen.Save("s", checkpoint);
  ChosenSet loaded(small, Count(2));
  EXPECT_THAT(loaded.Load("s", checkpoint), test::StatusIs(absl::StatusCode::kDataLoss));
}

// Random knapsacks of up to 12 items with random prefixes, against what a budget means.
TEST(ChosenSetTest, RandomKnapsacksAreWithinBudgetFullAndScaleFree) {
  const RngStream random(3, "test/knapsack");
  uint64_t draw = 0;
  for (int round = 0; round < 200; ++round) {
    CandidateSet set = PlainCandidates(GateKind::kFeature, 12);
    std::vector<float> scores;
    for (int32_t c = 0; c < 12; ++c) {
      set.items[c].cost.bytes = 1 + static_cast<int64_t>(random.Below(draw++, 30));
      if (c > 0 && random.Below(draw++, 3) == 0) set.items[c].prerequisite = c - 1;
      scores.push_back(static_cast<float>(random.Uniform(draw++)));
    }
    Budget budget;
    budget.max_bytes = 1 + static_cast<int64_t>(random.Below(draw++, 120));
    ChosenSet chosen(set, budget);
    const auto picks = Candidates(chosen.FillByScore(scores, 0, 100));
    int64_t bytes = 0;
    for (int32_t c : picks) bytes += set.items[c].cost.bytes;
    EXPECT_LE(bytes, *budget.max_bytes);
    EXPECT_THAT(chosen.Eligible(), IsEmpty());
    // Doubling all costs and the budget changes nothing.
    for (Candidate& item : set.items) item.cost.bytes *= 2;
    budget.max_bytes = *budget.max_bytes * 2;
    ChosenSet doubled(set, budget);
    EXPECT_EQ(Candidates(doubled.FillByScore(scores, 0, 100)), picks);
  }
}

TEST(ChosenSetTest, UnitCostsInBytesPickLikeACount) {
  const CandidateSet set = PlainCandidates(GateKind::kFeature, 9);
  const std::vector<float> scores = {3, 1, 4, 1, 5, 9, 2, 6, 5};
  Budget bytes;
  bytes.max_bytes = 4;
  ChosenSet a(set, bytes), b(set, Count(4));
  EXPECT_EQ(Candidates(a.FillByScore(scores, 0, 100)), Candidates(b.FillByScore(scores, 0, 100)));
}

}  // namespace
}  // namespace winnow::selectors
