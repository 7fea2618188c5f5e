#include "kernels/train/tolerance_search.h"

#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::train {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;

// All rounds over least..most, where the loss of k is `loss(k)`.
template <typename Loss>
std::vector<SizeTried> Search(int64_t least, int64_t most, double most_loss, const Loss& loss) {
  std::vector<SizeTried> tried;
  for (int32_t round = 0; round < kToleranceRounds; ++round) {
    for (const int64_t k : SizesOfRound(round, least, most, tried, most_loss)) {
      tried.push_back({.round = round, .k = k, .loss = loss(k)});
    }
  }
  return tried;
}

double OneOver(int64_t k) { return 1.0 / static_cast<double>(k); }

TEST(ToleranceSearchTest, FirstRoundIsGeometricAndHoldsBothEnds) {
  EXPECT_THAT(SizesOfRound(0, 1, 128, {}, 0), ElementsAre(1, 2, 4, 8, 16, 32, 64, 128));
  EXPECT_THAT(SizesOfRound(0, 3, 3, {}, 0), ElementsAre(3));
  EXPECT_THAT(SizesOfRound(0, 2, 5, {}, 0), ElementsAre(2, 3, 4, 5));
}

TEST(ToleranceSearchTest, FindsTheSmallestSizeOfAFallingLoss) {
  for (const int64_t most : {1, 2, 7, 14, 39, 77, 150}) {
    for (int64_t wanted = 1; wanted <= most; ++wanted) {
      const std::vector<SizeTried> tried = Search(1, most, OneOver(wanted), OneOver);
      EXPECT_EQ(SmallestWithin(tried, OneOver(wanted)), wanted) << "of " << most;
      EXPECT_LE(tried.size(), static_cast<size_t>(kToleranceRounds * kSizesPerRound));
    }
  }
}

TEST(ToleranceSearchTest, ComesNearOfAThousand) {
  for (int64_t wanted = 1; wanted <= 1000; ++wanted) {
    const auto found = SmallestWithin(Search(1, 1000, OneOver(wanted), OneOver), OneOver(wanted));
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(*found, AllOf(Ge(wanted), Le(wanted + 9)));
  }
}

TEST(ToleranceSearchTest, NeverLooksBelowTheLeast) {
  for (const SizeTried& size : Search(5, 60, 1, OneOver)) EXPECT_GE(size.k, 5);
}

TEST(ToleranceSearchTest, EndsWhenTheSmallestSizesNeighbourFails) {
  const auto loss = [](int64_t k) { return k >= 2 ? 0.0 : 1.0; };
  const std::vector<SizeTried> tried = Search(1, 128, 0.5, loss);
  EXPECT_EQ(SmallestWithin(tried, 0.5), 2);
  EXPECT_EQ(tried.size(), 8u);
}

TEST(ToleranceSearchTest, ASizeThatPassesByLuckCountsAsTheSmallestTried) {
  // 4 passes although 8 fails: sizes between 2 and 4 are looked at, those above 4 no more.
  const auto loss = [](int64_t k) { return k == 4 || k >= 100 ? 0.0 : 1.0; };
  const std::vector<SizeTried> tried = Search(1, 128, 0.5, loss);
  EXPECT_EQ(SmallestWithin(tried, 0.5), 4);
  EXPECT_EQ(tried.back().k, 3);
}

TEST(ToleranceSearchTest, NothingPasses) {
  const std::vector<SizeTried> tried = Search(1, 14, 0.01, OneOver);
  EXPECT_EQ(SmallestWithin(tried, 0.01), std::nullopt);
  EXPECT_EQ(tried.size(), 8u);  // the first round holds the largest size
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(SmallestWithin(std::vector<SizeTried>{{0, 1, nan}}, 0.01), std::nullopt);
}

TEST(ToleranceSearchTest, SaysByHowMuchAndWhatBinds) {
  plan::Plan plan;
  for (int i = 0; i < 4; ++i) {
    Candidate candidate;
    candidate.cost.bytes = 100;
    plan.candidates.items.push_back(candidate);
  }
  plan.budget.max_bytes = 250;
  plan.budget.quality_tolerance = 0.01;
  ToleranceOutcome outcome{.tolerance = 0.01, .full_loss = 0.25};
  outcome.tried = {{0, 1, 0.5}, {0, 2, 0.375}};
  const std::vector<Pick> picks = {{.candidate = 3}, {.candidate = 0}};
  const absl::Status status = ToleranceNotMet(plan, outcome, picks);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("quality_tolerance 0.01 cannot be met"), HasSubstr("2 of 4 candidates"),
            HasSubstr("validation loss 0.375, the full model 0.25"),
            HasSubstr("allowed are 0.26, so it is 0.115 too much"),
            HasSubstr("max_bytes 250 (200 used)")));
  plan.budget.max_bytes.reset();
  EXPECT_THAT(std::string(ToleranceNotMet(plan, outcome, picks).message()),
              HasSubstr("All candidates were allowed"));
}

}  // namespace
}  // namespace winnow::train
