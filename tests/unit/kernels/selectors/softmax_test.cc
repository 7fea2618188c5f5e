// Mask algebra of the softmax gates (numbers of the design's test list: 1, 2, 3).
#include "kernels/selectors/softmax.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::selectors {
namespace {

std::vector<float> Softmax(const std::vector<int32_t>& members, const std::vector<float>& logits) {
  std::vector<float> p(logits.size(), -1.0f);
  SoftmaxOver(members, logits, p);
  return p;
}

TEST(SoftmaxOverTest, SumsToOneOverTheMembersAndLeavesOthersAlone) {
  const auto p = Softmax({0, 2, 3}, {0.3f, 99.0f, -1.2f, 0.7f});
  EXPECT_NEAR(p[0] + p[2] + p[3], 1.0, 1e-6);
  EXPECT_EQ(p[1], -1.0f);
  EXPECT_NEAR(p[3] / p[0], std::exp(0.4), 1e-5);
}

TEST(SoftmaxOverTest, LastMemberGetsOne) { EXPECT_EQ(Softmax({1}, {5.0f, -3.0f})[1], 1.0f); }

TEST(SoftmaxOverTest, ConstantShiftChangesNothing) {
  const auto a = Softmax({0, 1, 2}, {0.25f, -0.5f, 1.0f});
  const auto b = Softmax({0, 1, 2}, {64.25f, 63.5f, 65.0f});
  EXPECT_EQ(a, b);  // the shifted logits are exact in binary
}

TEST(SoftmaxOverTest, HugeLogitsStayFinite) {
  const auto p = Softmax({0, 1, 2}, {1e4f, -1e4f, 1e4f});
  EXPECT_EQ(p[0], 0.5f);
  EXPECT_EQ(p[1], 0.0f);
  EXPECT_EQ(p[2], 0.5f);
}

// The published code shifts by the maximum over all logits: with a far larger logit outside the set
// every member underflows to 0 / 0.
TEST(SoftmaxOverTest, LargeLogitOutsideTheSetDoesNotUnderflowIt) {
  const auto p = Softmax({1, 2}, {5000.0f, 0.0f, 0.0f});
  EXPECT_EQ(p[1], 0.5f);
  EXPECT_EQ(p[2], 0.5f);
}

// Members with gaps, more than a block of them and no whole number of blocks.
std::vector<int32_t> EveryThirdLeftOut(int32_t size) {
  std::vector<int32_t> members;
  for (int32_t i = 0; i < size; ++i) {
    if (i % 3 != 1) members.push_back(i);
  }
  return members;
}

std::vector<float> Normals(int32_t size, float stddev, const char* name) {
  const RngStream stream(3, name);
  std::vector<float> values(static_cast<size_t>(size));
  for (int32_t i = 0; i < size; ++i) {
    values[i] = stddev * static_cast<float>(stream.Normal(static_cast<uint64_t>(i)));
  }
  return values;
}

TEST(SoftmaxOverTest, IsTheFormulaToTheLastBitsOfAFloat) {
  std::vector<int32_t> without_gaps(130);
  std::iota(without_gaps.begin(), without_gaps.end(), 5);
  for (const std::vector<int32_t>& members : {EveryThirdLeftOut(211), without_gaps}) {
    for (const float stddev : {1e-5f, 1.0f, 30.0f, 400.0f}) {
      const std::vector<float> logits = Normals(211, stddev, "logits");
      std::vector<float> mask(logits.size(), -1.0f);
      SoftmaxOver(members, logits, mask, 7.0);
      double top = -1e9, sum = 0;
      for (const int32_t i : members) top = std::max<double>(top, logits[i]);
      for (const int32_t i : members) sum += std::exp(logits[i] - top);
      for (const int32_t i : members) {
        const double want = 7.0 * std::exp(logits[i] - top) / sum;
        // Two roundings to float; below its normal numbers they are absolute.
        EXPECT_NEAR(mask[i], want, 2 * 0x1p-24 * want + 1e-43) << i << " of " << stddev;
      }
      EXPECT_EQ(std::count(mask.begin(), mask.end(), -1.0f), 211 - std::ssize(members));
    }
  }
}

TEST(SoftmaxGradientTest, IsTheDifferenceQuotientOfTheMask) {
  const std::vector<int32_t> members = EveryThirdLeftOut(211);
  const std::vector<float> logits = Normals(211, 1.0f, "logits"), g = Normals(211, 2.0f, "g");
  const double scale = 5.0;
  const auto value = [&](const std::vector<double>& w) {  // sum of g_i a_i
    double sum = 0, total = 0;
    for (const int32_t i : members) sum += std::exp(w[i]);
    for (const int32_t i : members) total += g[i] * scale * std::exp(w[i]) / sum;
    return total;
  };
  std::vector<float> mask(logits.size()), gradient(logits.size(), -1.0f);
  SoftmaxOver(members, logits, mask, scale);
  SoftmaxGradient(members, mask, scale, g, gradient);
  std::vector<double> w(logits.begin(), logits.end());
  double sum = 0;
  for (const int32_t i : members) {
    constexpr double kStep = 1e-5;
    w[i] += kStep;
    const double above = value(w);
    w[i] -= 2 * kStep;
    const double below = value(w);
    w[i] += kStep;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), 1e-6) << i;
    sum += gradient[i];
  }
  EXPECT_NEAR(sum, 0, 1e-6);
  EXPECT_EQ(gradient[1], -1.0f);
  std::vector<float> in_place = g;
  SoftmaxGradient(members, mask, scale, in_place, in_place);
  for (const int32_t i : members) EXPECT_EQ(in_place[i], gradient[i]);
}

}  // namespace
}  // namespace winnow::selectors
