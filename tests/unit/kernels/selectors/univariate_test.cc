#include "kernels/selectors/univariate.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/univariate_statistics.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

InputColumn Numeric(std::vector<float> values) {
  InputColumn column;
  column.values = std::move(values);
  return column;
}

InputColumn Categorical(std::vector<int32_t> codes, int64_t vocabulary) {
  InputColumn column;
  column.codes = std::move(codes);
  column.vocabulary = vocabulary;
  return column;
}

TEST(FStatisticTest, IsOneWayAnalysisOfVariance) {
  // Means 1.5, 3.5, 5.5: between 16 on 2, within 1.5 on 3 degrees of freedom.
  const InputColumn x = Numeric({1, 2, 3, 4, 5, 6});
  EXPECT_NEAR(FStatistic(x, {3, {0, 0, 1, 1, 2, 2}}), 16.0, 1e-9);
}

TEST(FStatisticTest, IsThatOfTheCorrelationForARegression) {
  const InputColumn x = Numeric({1, 2, 3, 4, 5, 6});
  const double r = 31.0 / 35.0;
  EXPECT_NEAR(FStatistic(x, {0, {1, 3, 2, 5, 4, 6}}), r * r * 4 / (1 - r * r), 1e-6);
}

TEST(FStatisticTest, DoesNotDependOnScaleAndIsZeroForAConstant) {
  const TargetSample y = {2, {0, 1, 0, 1, 1, 0, 1}};
  const std::vector<float> x = {1, 5, 2, 4, 6, 3, 3};
  std::vector<float> scaled = x;
  for (float& v : scaled) v = 100 - 7 * v;
  EXPECT_NEAR(FStatistic(Numeric(x), y), FStatistic(Numeric(scaled), y), 1e-4);
  EXPECT_EQ(FStatistic(Numeric(std::vector<float>(7, 0.3f)), y), 0.0);
  EXPECT_EQ(FStatistic(Categorical(std::vector<int32_t>(7, 2), 4), y), 0.0);
}

TEST(FStatisticTest, PerfectColumnsAreFinite) {
  const TargetSample y = {2, {0, 1, 0, 1, 1, 0}};
  EXPECT_TRUE(std::isfinite(FStatistic(Numeric({0, 1, 0, 1, 1, 0}), y)));
  EXPECT_TRUE(std::isfinite(FStatistic(Categorical({1, 2, 1, 2, 2, 1}, 3), y)));
  EXPECT_GT(FStatistic(Categorical({1, 2, 1, 2, 2, 1}, 3), y), 100.0);
}

// A two-valued column says the same whether it is taken as a number or as a code.
TEST(FStatisticTest, NumericAndCategoricalAgree) {
  const RngStream stream(3, "test/agree");
  std::vector<float> values, target, value;
  std::vector<int32_t> codes;
  for (uint64_t i = 0; i < 4000; ++i) {
    const double y = stream.Uniform(2 * i) < 0.5 ? 0 : 1;
    const int32_t code = stream.Uniform(2 * i + 1) < 0.4 + 0.2 * y ? 1 : 0;
    target.push_back(static_cast<float>(y));
    codes.push_back(code);
    values.push_back(static_cast<float>(code));
  }
  const double f = FStatistic(Numeric(values), {2, target});
  EXPECT_NEAR(FStatistic(Categorical(codes, 2), {2, target}), f, 0.02 * f);
  EXPECT_NEAR(FStatistic(Categorical(codes, 2), {0, target}), f, 0.02 * f);
}

// An identifier explains the training rows by chance; it must not beat a real, weak column.
TEST(UnivariateStatisticsTest, ManyCodesWithoutEffectDoNotWin) {
  const RngStream stream(5, "test/ids");
  std::vector<int32_t> ids;
  std::vector<float> weak, target;
  for (uint64_t i = 0; i < 2000; ++i) {
    ids.push_back(static_cast<int32_t>(stream.Below(3 * i, 700)));
    const double x = stream.Normal(3 * i + 1);
    weak.push_back(static_cast<float>(x));
    target.push_back(stream.Uniform(3 * i + 2) < 1 / (1 + std::exp(-0.6 * x)) ? 1.0f : 0.0f);
  }
  const TargetSample y = {2, target};
  EXPECT_LT(FStatistic(Categorical(ids, 700), y), 0.5 * FStatistic(Numeric(weak), y));
  EXPECT_LT(MutualInformation(Categorical(ids, 700), y, 16),
            0.5 * MutualInformation(Numeric(weak), y, 16));
}

TEST(MutualInformationTest, OfACopyIsTheEntropyAndOfNoiseNearZero) {
  const RngStream stream(4, "test/information");
  std::vector<int32_t> copy, noise;
  std::vector<float> target;
  for (uint64_t i = 0; i < 4000; ++i) {
    copy.push_back(static_cast<int32_t>(stream.Below(2 * i, 2)));
    noise.push_back(static_cast<int32_t>(stream.Below(2 * i + 1, 2)));
    target.push_back(static_cast<float>(copy.back()));
  }
  const TargetSample y = {2, target};
  EXPECT_NEAR(MutualInformation(Categorical(copy, 2), y, 16), std::log(2.0), 1e-3);
  EXPECT_NEAR(MutualInformation(Categorical(noise, 2), y, 16), 0.0, 1e-3);
}

// y depends on |x|: no difference of means, much information.
TEST(MutualInformationTest, SeesWhatTheMeanDoesNot) {
  const RngStream stream(6, "test/parabola");
  std::vector<float> x, target;
  for (uint64_t i = 0; i < 4000; ++i) {
    x.push_back(static_cast<float>(stream.Normal(i)));
    target.push_back(std::abs(x.back()) > 0.7f ? 1.0f : 0.0f);
  }
  const TargetSample y = {2, target};
  EXPECT_LT(FStatistic(Numeric(x), y), 12.0);
  EXPECT_GT(MutualInformation(Numeric(x), y, 16), 0.5);
}

// Neither statistic of one column can see an XOR; selectors that look at the model can.
TEST(UnivariateTest, MissesXor) {
  const PlantedData data = MakeXor(20, 4000, 1);
  Budget budget;
  budget.max_count = 2;
  const Row& row = *FindSelector("univariate");
  for (const char* statistic : {"f", "mutual_information"}) {
    TestRun run(row, data, {.params = {{"statistic", std::string(statistic)}}, .budget = budget});
    run.RunToEnd();
    EXPECT_THAT(run.selector().picks(), ::testing::SizeIs(2));
    const auto scores = run.selector().scores();
    const float most = *std::max_element(scores.begin() + 2, scores.end());
    EXPECT_LT(scores[0], 2 * most) << statistic;
    EXPECT_LT(scores[1], 2 * most) << statistic;
  }
}

// Column c says the target but for a share flips[c] of the rows, and costs bytes[c] of 1,000.
std::vector<int32_t> PicksFor(const std::string& statistic, const std::vector<double>& flips,
                              const std::vector<int64_t>& bytes) {
  PlantedData data = MakeXor(static_cast<int32_t>(flips.size()), 4000, 2);
  const RngStream stream(7, "test/flips");
  for (size_t i = 0; i < data.x.size(); ++i) {
    const double told = 2 * data.y[i / flips.size()] - 1;
    data.x[i] = stream.Uniform(i) < flips[i % flips.size()] ? -told : told;
  }
  for (size_t c = 0; c < bytes.size(); ++c) data.candidates.items[c].cost.bytes = bytes[c];
  Budget budget;
  budget.max_bytes = 1000;
  TestRun run(*FindSelector("univariate"), data,
              {.params = {{"statistic", statistic}}, .budget = budget});
  run.RunToEnd();
  return Sorted(Candidates(run.selector().picks()));
}

// A crumb that tells most for its cost does not shut out what is worth the whole budget, and two
// that tell more together are not shut out by the one that tells most alone.
TEST(UnivariateTest, InformationIsPickedForItsCostWithTheBestSingleColumnBeside) {
  const std::vector<double> flips = {0.05, 0.1, 0.1, 0.4};
  const std::vector<int64_t> crumb = {1000, 2000, 2000, 1}, halves = {1000, 500, 500, 2000};
  EXPECT_THAT(PicksFor("mutual_information", flips, crumb), ::testing::ElementsAre(0));
  EXPECT_THAT(PicksFor("mutual_information", flips, halves), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(PicksFor("f", flips, halves), ::testing::ElementsAre(0));
}

}  // namespace
}  // namespace winnow::selectors
