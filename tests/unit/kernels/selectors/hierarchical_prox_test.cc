#include "kernels/selectors/hierarchical_prox.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::selectors {
namespace {

using ::testing::Each;
using ::testing::FloatEq;

struct Point {
  std::vector<float> skip, hidden;
  WeightPieces skip_pieces() { return {skip.data(), 1, 0, static_cast<int64_t>(skip.size())}; }
  WeightPieces hidden_pieces() {
    return {hidden.data(), 1, 0, static_cast<int64_t>(hidden.size())};
  }
};

Point Prox(double lambda, double hierarchy, Point point) {
  std::vector<float> scratch;
  HierarchicalProx(lambda, hierarchy, point.skip_pieces(), point.hidden_pieces(), scratch);
  return point;
}

double Norm(const std::vector<float>& values) {
  double square = 0;
  for (const float v : values) square += static_cast<double>(v) * v;
  return std::sqrt(square);
}

// The objective when b has norm t: the best b lies along v, the best w_j is u_j cut to [-Mt, Mt].
double BestAtNorm(const Point& at, double t, double lambda, double hierarchy) {
  const double distance = Norm(at.skip) - t;
  double value = distance * distance / 2 + lambda * t;
  for (const float u : at.hidden) {
    const double beyond = std::max(0.0, std::abs(static_cast<double>(u)) - hierarchy * t);
    value += beyond * beyond / 2;
  }
  return value;
}

double Objective(const Point& from, const Point& to, double lambda) {
  double value = lambda * Norm(to.skip);
  for (size_t i = 0; i < from.skip.size(); ++i) {
    value += std::pow(from.skip[i] - to.skip[i], 2) / 2;
  }
  for (size_t j = 0; j < from.hidden.size(); ++j) {
    value += std::pow(from.hidden[j] - to.hidden[j], 2) / 2;
  }
  return value;
}

Point Draw(const RngStream& stream, uint64_t number, size_t skips, size_t hidden) {
  Point point;
  uint64_t at = number * 100;
  for (size_t i = 0; i < skips; ++i) point.skip.push_back(static_cast<float>(stream.Normal(at++)));
  for (size_t j = 0; j < hidden; ++j) {
    point.hidden.push_back(static_cast<float>(stream.Normal(at++)));
  }
  return point;
}

// The norm of b is the only unknown: a search over it that knows nothing of the operator.
TEST(HierarchicalProxTest, IsTheMinimumThatASearchFinds) {
  const RngStream stream(1, "test/prox");
  for (uint64_t number = 0; number < 300; ++number) {
    const Point from = Draw(stream, number, 1 + number % 3, 1 + number % 7);
    const double lambda = std::vector<double>{0, 0.1, 1, 4}[number % 4];
    const double hierarchy = std::vector<double>{0.05, 0.5, 1, 10}[number / 4 % 4];
    double best = INFINITY, best_norm = 0;
    for (double width = 8, centre = 4; width > 1e-9; width /= 50) {
      for (int i = -100; i <= 100; ++i) {
        const double t = centre + width * i / 200;
        if (t < 0) continue;
        const double value = BestAtNorm(from, t, lambda, hierarchy);
        if (value < best) {
          best = value;
          best_norm = t;
        }
      }
      centre = best_norm;
    }
    const Point to = Prox(lambda, hierarchy, from);
    EXPECT_NEAR(Norm(to.skip), best_norm, 2e-4) << number;
    EXPECT_NEAR(Objective(from, to, lambda), best, 1e-5) << number;
    for (const float w : to.hidden) EXPECT_LE(std::abs(w), hierarchy * Norm(to.skip) * (1 + 1e-6));
  }
}

// No point nearby that keeps the constraint is better, b's direction and single w_j included.
TEST(HierarchicalProxTest, NoPerturbationIsBetter) {
  const RngStream stream(2, "test/prox");
  for (uint64_t number = 0; number < 100; ++number) {
    const Point from = Draw(stream, number, 3, 5);
    const double lambda = 0.5, hierarchy = 0.7;
    const Point to = Prox(lambda, hierarchy, from);
    const double value = Objective(from, to, lambda);
    for (uint64_t trial = 0; trial < 50; ++trial) {
      Point near = to;
      const Point step = Draw(stream, 1000 + number * 50 + trial, 3, 5);
      for (size_t i = 0; i < 3; ++i) near.skip[i] += 0.02f * step.skip[i];
      const auto bound = static_cast<float>(hierarchy * Norm(near.skip));
      for (size_t j = 0; j < 5; ++j) {
        near.hidden[j] = std::clamp(near.hidden[j] + 0.02f * step.hidden[j], -bound, bound);
      }
      EXPECT_GE(Objective(from, near, lambda), value - 1e-6);
    }
  }
}

// Worked by hand: v = 3, u = (2, -1), lambda = 1, M = 1/2. With no w on the bound |b| = 2, bound 1
// < 2; with one |b| = (2 + 1) / 1.25 = 2.4, bound 1.2 >= 1.
TEST(HierarchicalProxTest, OfAPointWorkedByHand) {
  const Point to = Prox(1, 0.5, {{3}, {2, -1}});
  EXPECT_THAT(to.skip[0], FloatEq(2.4f));
  EXPECT_THAT(to.hidden[0], FloatEq(1.2f));
  EXPECT_THAT(to.hidden[1], FloatEq(-1.0f));
}

TEST(HierarchicalProxTest, LeavesFromTheLeavingPenaltyOnAndNotBelow) {
  const RngStream stream(3, "test/prox");
  for (uint64_t number = 0; number < 50; ++number) {
    Point from = Draw(stream, number, 2, 6);
    const double least = LeavingPenalty(2.0, from.skip_pieces(), from.hidden_pieces());
    const Point gone = Prox(least * (1 + 1e-6), 2.0, from);
    EXPECT_THAT(gone.skip, Each(0.0f));
    EXPECT_THAT(gone.hidden, Each(0.0f));
    EXPECT_GT(Norm(Prox(least * (1 - 1e-3), 2.0, from).skip), 0);
  }
}

// Without hidden weights it is the soft threshold of the norm: the group LASSO.
TEST(HierarchicalProxTest, WithoutHiddenWeightsShrinksTheNorm) {
  const Point to = Prox(1, 10, {{3, -4}, {}});
  EXPECT_THAT(to.skip[0], FloatEq(3 * 0.8f));
  EXPECT_THAT(to.skip[1], FloatEq(-4 * 0.8f));
}

// A candidate whose skip weights are 0 comes in through its hidden weights.
TEST(HierarchicalProxTest, HiddenWeightsOpenAClosedSkip) {
  const Point to = Prox(0.5, 1, {{0, 0}, {2}});
  EXPECT_THAT(to.skip[0], FloatEq(0.75f));
  EXPECT_THAT(to.hidden[0], FloatEq(0.75f));
}

TEST(HierarchicalProxTest, PiecesApartAreOneCandidate) {
  const Point whole = Prox(0.3, 0.6, {{1, 2}, {3, -1, 0.5f, 2}});
  // Two rows of skip | hidden.
  std::vector<float> rows = {1, 3, -1, 2, 0.5f, 2}, scratch;
  HierarchicalProx(0.3, 0.6, {rows.data(), 2, 3, 1}, {rows.data() + 1, 2, 3, 2}, scratch);
  const std::vector<float> expected = {whole.skip[0], whole.hidden[0], whole.hidden[1],
                                       whole.skip[1], whole.hidden[2], whole.hidden[3]};
  EXPECT_EQ(rows, expected);
}

}  // namespace
}  // namespace winnow::selectors
