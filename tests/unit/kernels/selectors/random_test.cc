#include "kernels/selectors/random.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAre;

Script Features(int32_t n, int64_t k, uint64_t seed) {
  return {.candidates = PlainCandidates(GateKind::kFeature, n),
          .budget = Count(k),
          .steps = 0,
          .seed = seed};
}

TEST(RandomTest, TrainsNothing) {
  const Row row = RandomRow();
  EXPECT_EQ(row.selection_steps({}, 5), 0);
  EXPECT_FALSE(row.trains_the_model);
}

// Each of 10 candidates in each of 3 places 40 times in 400 draws; chi-square with 9 degrees of
// freedom stays below 27.9 with probability .999.
TEST(RandomTest, EveryPlaceIsUniformOverTheCandidates) {
  for (size_t place = 0; place < 3; ++place) {
    std::vector<int> times(10, 0);
    for (uint64_t seed = 0; seed < 400; ++seed) {
      Scripted run("random", Features(10, 3, seed));
      ++times[run.selector().picks()[place].candidate];
    }
    double chi_square = 0;
    for (int n : times) chi_square += (n - 40.0) * (n - 40.0) / 40.0;
    EXPECT_LT(chi_square, 27.9) << "place " << place;
  }
}

// Not better than chance at a planted truth of 3 in 10: 0.9 hits expected of 3, standard deviation
// sqrt(3 * .3 * .7 * 7 / 9) = .70; over 300 seeds the mean is within 4 standard errors.
TEST(RandomTest, FindsThePlantedTruthNoMoreOftenThanChance) {
  double hits = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Scripted run("random", Features(10, 3, seed));
    for (const Pick& pick : run.selector().picks()) hits += pick.candidate < 3 ? 1 : 0;
  }
  EXPECT_NEAR(hits / 300, 0.9, 4 * 0.70 / std::sqrt(300.0));
}

TEST(RandomTest, MustKeepComesFirst) {
  Script script = Features(6, 3, 4);
  script.candidates.must_keep = {2, 5};
  Scripted run("random", script);
  ASSERT_OK(run.begun);
  const auto picks = Candidates(run.selector().picks());
  ASSERT_EQ(picks.size(), 3u);
  EXPECT_THAT(std::vector<int32_t>(picks.begin(), picks.begin() + 2), ElementsAre(2, 5));
}

}  // namespace
}  // namespace winnow::selectors
