// The steps of the argument that Sequential Attention on least squares is a pursuit, one by one and
// by solvers that know nothing of it (linear_theory_test.cc holds the selectors to the whole).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/linear_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

constexpr int32_t kGroup = 3;  // columns of a group

// argmin ||r - Z theta||^2 / 2 + lambda sum |theta_i| over the unselected, by coordinate descent to
// a standstill.
std::vector<double> SolveLasso(const Residual& residual, double lambda) {
  const std::vector<Column>& z = residual.z();
  std::vector<double> theta(z.size(), 0.0), square(z.size());
  for (size_t i = 0; i < z.size(); ++i) square[i] = Dot(z[i], z[i]);
  Column left = residual.r();
  for (int round = 0; round < 2000; ++round) {
    double moved = 0;
    for (size_t i = 0; i < z.size(); ++i) {
      if (square[i] < 1e-9) continue;  // selected
      const double rho = Dot(z[i], left) + square[i] * theta[i];
      const double next = std::copysign(std::max(0.0, std::abs(rho) - lambda), rho) / square[i];
      const double step = next - theta[i];
      for (size_t n = 0; step != 0 && n < left.size(); ++n) left[n] -= step * z[i][n];
      theta[i] = next;
      moved = std::max(moved, std::abs(step));
    }
    if (moved < 1e-14) break;
  }
  return theta;
}

// Below the critical value c_*, and above what lets a second column in:
// max_j (c_j + rho_j c_*) / (1 + rho_j) with rho_j = |z_j^T z_*| / ||z_*||^2.
double WindowMiddle(const Residual& residual, const std::vector<double>& c, int32_t best) {
  const Column& star = residual.z()[best];
  double low = 0;
  for (size_t j = 0; j < c.size(); ++j) {
    if (static_cast<int32_t>(j) == best) continue;
    const double rho = std::abs(Dot(residual.z()[j], star)) / Dot(star, star);
    low = std::max(low, (c[j] + rho * c[best]) / (1 + rho));
  }
  return (low + c[best]) / 2;
}

TEST(LinearLemmasTest, InTheWindowOneCoefficientOfClosedFormIsLeft) {
  int steps = 0;
  for (const bool correlated : {false, true}) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      const LinearProblem problem = MakeProblem(correlated, seed);
      Residual residual(problem);
      for (int32_t pick = 0; pick < kPicks; ++pick) {
        const std::vector<double> c = residual.Correlations(false);
        const auto best = static_cast<int32_t>(std::max_element(c.begin(), c.end()) - c.begin());
        const double lambda = WindowMiddle(residual, c, best);
        if (lambda < c[best] * (1 - 1e-6)) {
          const std::vector<double> theta = SolveLasso(residual, lambda);
          const Column& z = residual.z()[best];
          const double expected =
              std::copysign((c[best] - lambda) / Dot(z, z), Dot(problem.x[best], residual.r()));
          EXPECT_NEAR(theta[best], expected, 1e-8);
          for (int32_t j = 0; j < kColumns; ++j) {
            EXPECT_EQ(theta[j] != 0, j == best) << "pick " << pick << " of seed " << seed;
          }
          ++steps;
        }
        residual.Select(best);
      }
    }
  }
  EXPECT_GE(steps, 150);
}

TEST(LinearLemmasTest, FromTheCriticalValueOnEverythingIsZero) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const LinearProblem problem = MakeProblem(true, seed);
    const Residual residual(problem);
    const std::vector<double> c = residual.Correlations(false);
    const double critical = *std::max_element(c.begin(), c.end());
    for (const double theta : SolveLasso(residual, critical * (1 + 1e-9))) EXPECT_EQ(theta, 0);
    const std::vector<double> below = SolveLasso(residual, critical * (1 - 1e-6));
    EXPECT_TRUE(std::any_of(below.begin(), below.end(), [](double t) { return t != 0; }));
  }
}

// w^2 + b^2 >= 2 |w b|, with equality for |w| = |b|: two ridges on a product are an l1 penalty.
// min over w of (lambda / 2)(w^2 + (theta / w)^2) = lambda |theta|.
TEST(LinearLemmasTest, TwoRidgesOnAProductAreTheAbsoluteValue) {
  for (const double theta : {0.01, 0.7, 5.0}) {
    double least = INFINITY;
    for (double w = 1e-3; w < 20; w *= 1.0005) {
      least = std::min(least, (w * w + theta * theta / (w * w)) / 2);
    }
    EXPECT_NEAR(least, theta, 1e-5 * theta);
  }
}

std::vector<std::vector<double>> DrawGroups(uint64_t seed, int groups, bool one) {
  const RngStream stream(seed, "test/groups");
  std::vector<std::vector<double>> beta(groups, std::vector<double>(kGroup));
  uint64_t draw = 0;
  for (size_t g = 0; g < beta.size(); ++g) {
    for (double& b : beta[g]) b = one && g != seed % beta.size() ? 0.0 : stream.Normal(draw++);
  }
  return beta;
}

double Norm(const std::vector<double>& values) { return std::sqrt(Dot(values, values)); }

// q^{-1}(sum q(||b_i||)) for a strictly increasing, subadditive q with q(0) = 0 is at least
// sum ||b_i||, and equal to it when one group alone is not 0: the masks' hidden penalties have the
// group LASSO's one-group solution.
TEST(LinearLemmasTest, PenaltiesOfTheMasksLieAboveTheGroupLasso) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    for (const bool one : {false, true}) {
      const auto beta = DrawGroups(seed, 2 + static_cast<int>(seed % 6), one);
      double norms = 0, roots = 0, logs = 0;
      for (const auto& group : beta) {
        norms += Norm(group);
        roots += std::sqrt(Norm(group));
        logs += std::log1p(Norm(group));
      }
      const double by_root = roots * roots, by_log = std::expm1(logs);
      if (one) {
        EXPECT_NEAR(by_root, norms, 1e-12 * norms);
        EXPECT_NEAR(by_log, norms, 1e-12 * norms);
      } else {
        EXPECT_GT(by_root, norms * (1 + 1e-9));
        EXPECT_GT(by_log, norms * (1 + 1e-9));
      }
    }
  }
}

// W(x): W e^W = x, by Newton's method.
double LambertW(double x) {
  double w = std::log1p(x);
  for (int i = 0; i < 60; ++i) w -= (w * std::exp(w) - x) / (std::exp(w) * (1 + w));
  return w;
}

// min over w of w^2 + (a / e^w)^2 = W(2 a^2)^2 / 4 + W(2 a^2) / 2: what a mask e^w with two ridges
// costs a group of norm a.
TEST(LinearLemmasTest, ExponentialMaskIsTheLambertPenalty) {
  for (const double a : {0.05, 0.3, 1.0, 4.0, 30.0}) {
    double least = INFINITY;
    for (double w = 0; w < 10; w += 1e-4) {
      least = std::min(least, w * w + a * a * std::exp(-2 * w));
    }
    const double lambert = LambertW(2 * a * a);
    EXPECT_NEAR(least, lambert * lambert / 4 + lambert / 2, 1e-6) << a;
  }
}

// min over w > 0 of w + (a / w)^2 = 1.5 2^{1/3} a^{2/3}: an l1 penalty on the mask.
TEST(LinearLemmasTest, AbsoluteMaskIsTheTwoThirdsPower) {
  EXPECT_NEAR(1.5 * std::cbrt(2.0), 1.8899, 1e-4);
  for (const double a : {0.02, 0.5, 1.0, 7.0}) {
    double least = INFINITY;
    for (double w = 1e-3; w < 50; w *= 1.0003) least = std::min(least, w + a * a / (w * w));
    EXPECT_NEAR(least, 1.5 * std::cbrt(2.0) * std::pow(a, 2.0 / 3.0), 1e-5 * least) << a;
  }
}

// Groups of columns: what the selectors' view of a linear model says of candidate g is ||X_g^T r||.
class GroupProbe final : public ModelProbe {
 public:
  explicit GroupProbe(const LinearProblem& problem) : problem_(problem) {}
  int64_t num_candidates() const override { return kColumns / kGroup; }
  void WeightNorms(std::span<float> out) const override { std::fill(out.begin(), out.end(), 1.0f); }
  absl::Status Contributions(std::span<float>) override { return absl::OkStatus(); }
  absl::StatusOr<double> ValidationLoss(std::span<const float>) override { return 0.0; }
  absl::Status ResidualCorrelations(std::span<const float> mask, int64_t,
                                    std::span<float> out) override {
    Residual residual(problem_);
    for (int32_t i = 0; i < num_candidates() * kGroup; ++i) {
      if (mask[i / kGroup] > 0) residual.Select(i);
    }
    const std::vector<double> c = residual.Correlations(false);
    for (int32_t g = 0; g < num_candidates(); ++g) {
      const double* of_group = &c[g * kGroup];
      out[g] = static_cast<float>(std::hypot(of_group[0], of_group[1], of_group[2]));
    }
    return absl::OkStatus();
  }

 private:
  const LinearProblem& problem_;
};

// Norms of the groups of argmin ||r - Z theta||^2 / 2 + lambda sum_g ||theta_g||, by proximal
// gradient from 0.
std::vector<double> SolveGroupLasso(const Residual& residual, double lambda) {
  const std::vector<Column>& z = residual.z();
  const int32_t groups = kColumns / kGroup;
  double trace = 0;
  for (const Column& column : z) trace += Dot(column, column);
  const double rate = 15.0 / trace;  // Gaussian columns: largest eigenvalue about trace / 19
  std::vector<double> theta(z.size(), 0.0), norms(groups);
  for (int round = 0; round < 300; ++round) {
    Column left = residual.r();
    for (size_t i = 0; i < z.size(); ++i) {
      for (size_t n = 0; theta[i] != 0 && n < left.size(); ++n) left[n] -= theta[i] * z[i][n];
    }
    for (int32_t g = 0; g < groups; ++g) {
      std::vector<double> v(kGroup);
      for (int32_t j = 0; j < kGroup; ++j) {
        const int32_t i = g * kGroup + j;
        v[j] = theta[i] + rate * Dot(z[i], left);
      }
      const double keep = std::max(0.0, 1 - rate * lambda / std::max(1e-300, Norm(v)));
      for (int32_t j = 0; j < kGroup; ++j) theta[g * kGroup + j] = keep * v[j];
      norms[g] = keep * Norm(v);
    }
  }
  return norms;
}

TEST(LinearLemmasTest, OmpOnGroupsPicksWhatTheGroupLassoLetsInFirst) {
  constexpr int32_t kGroupPicks = 4;
  const CandidateSet candidates = PlainCandidates(GateKind::kFeature, kColumns / kGroup);
  int compared = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const LinearProblem problem = MakeProblem(false, 100 + seed);
    GroupProbe probe(problem);
    const Row& row = *FindSelector("omp");
    const auto selector = row.make(ResolvedParams(row, GateKind::kFeature));
    ASSERT_OK(selector->Begin({.candidates = &candidates,
                               .budget = Count(kGroupPicks),
                               .total_steps = kGroupPicks,
                               .max_picks = kGroupPicks}));
    std::vector<float> selected(candidates.items.size(), 0.0f), tau(selected.size());
    Residual residual(problem);
    for (int64_t step = 0; step < kGroupPicks; ++step) {
      ASSERT_OK(probe.ResidualCorrelations(selected, 0, tau));
      StepOutcome outcome;
      ASSERT_OK(selector->Step(step, 1.0, {}, probe, outcome));
      ASSERT_EQ(outcome.picks.size(), 1u);
      const int32_t picked = outcome.picks[0].candidate;
      std::vector<float> sorted = tau;
      std::sort(sorted.rbegin(), sorted.rend());
      if (1 - sorted[1] / sorted[0] > 0.03) {
        const std::vector<double> norms = SolveGroupLasso(residual, 0.99 * sorted[0]);
        for (int32_t g = 0; g < static_cast<int32_t>(norms.size()); ++g) {
          EXPECT_EQ(norms[g] > 0, g == picked) << "pick " << step << " of seed " << seed;
        }
        ++compared;
      }
      selected[picked] = 1.0f;
      for (int32_t j = 0; j < kGroup; ++j) residual.Select(picked * kGroup + j);
    }
  }
  EXPECT_GE(compared, 50);
}

}  // namespace
}  // namespace winnow::selectors
