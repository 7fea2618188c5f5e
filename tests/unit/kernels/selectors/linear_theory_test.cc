// For least squares, Sequential Attention, Sequential LASSO and orthogonal matching pursuit pick
// the same columns in the same order. Here the selectors' own mask code is driven by exact
// solutions and held to an independent pursuit.
//
// Columns x_i, target y, S selected, z_i = (I - P_S) x_i, r = (I - P_S) y, c_i = |x_i^T r|.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/linear_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"
#include "tests/unit/kernels/selectors/scripted_testing.h"

namespace winnow::selectors {
namespace {

// beta_i = a_i (c_i - z_i^T sum_j a_j beta_j z_j) / lambda for i in U: ridge regression under the
// mask, S refitted without penalty. The map contracts when lambda is above the mask's curvature.
std::vector<double> SolveRidge(const Residual& residual, std::span<const float> mask,
                               const std::vector<bool>& selected, double lambda, int rounds) {
  const std::vector<Column>& z = residual.z();
  std::vector<double> beta(z.size(), 0.0);
  for (int round = 0; round < rounds; ++round) {
    Column left = residual.r();
    for (size_t j = 0; j < z.size(); ++j) {
      if (selected[j] || mask[j] * beta[j] == 0.0) continue;
      for (size_t n = 0; n < left.size(); ++n) left[n] -= mask[j] * beta[j] * z[j][n];
    }
    std::vector<double> next(z.size(), 0.0);
    for (size_t i = 0; i < z.size(); ++i) {
      if (!selected[i]) next[i] = mask[i] * Dot(z[i], left) / lambda;
    }
    beta = next;
  }
  return beta;
}

// Runs sequential_attention with d loss / d mask_i = -beta_i z_i^T (r - Z (a o beta)) at the ridge
// solution, `lambda` times the critical value (Hadamard) or the largest ||z_i||^2 (softmax).
std::vector<int32_t> SelectWithAttention(const LinearProblem& problem, bool linear) {
  const int64_t steps_per_pick = linear ? 60 : 40;
  Script script;
  script.candidates = PlainCandidates(GateKind::kFeature, kColumns);
  script.budget = Count(kPicks);
  script.steps = steps_per_pick * kPicks;
  script.params = {{"warmup", 0.0},
                   {"mask", std::string(linear ? "linear" : "softmax")},
                   {"logit_optimizer", std::string("sgd")},
                   {"logit_learning_rate", linear ? 0.3 : 100.0},
                   {"weight_decay", 1.0}};
  Scripted run("sequential_attention", script);
  EXPECT_OK(run.begun);
  Residual residual(problem);
  std::vector<bool> selected(kColumns, false);
  std::vector<int32_t> order;
  const auto gradient = [&](int64_t, std::span<const float> mask) {
    const std::vector<double> c = residual.Correlations(false);
    const double top = *std::max_element(c.begin(), c.end());
    double norm = 0;
    for (int32_t i = 0; i < kColumns; ++i) {
      if (!selected[i]) norm = std::max(norm, Dot(residual.z()[i], residual.z()[i]));
    }
    // Just below the critical value for the product of two ridges; far above for the softmax.
    const double lambda = linear ? 0.9995 * top : 30 * norm;
    const std::vector<double> beta = SolveRidge(residual, mask, selected, lambda, linear ? 2 : 4);
    std::vector<float> g(kColumns, 0.0f);
    for (int32_t i = 0; i < kColumns; ++i) {
      if (selected[i] || mask[i] <= 0) continue;
      const double slope = lambda * beta[i] / mask[i];  // z_i^T (r - Z (a o beta))
      g[i] = static_cast<float>(-beta[i] * slope / (linear ? lambda : top * top / lambda));
    }
    return g;
  };
  while (run.step() < script.steps) {
    const StepOutcome outcome = run.Step(gradient);
    for (const Pick& pick : outcome.picks) {
      residual.Select(pick.candidate);
      selected[pick.candidate] = true;
      order.push_back(pick.candidate);
    }
  }
  return order;
}

// The linear mask of the unselected at the end of a first phase, `share` times the critical value.
std::vector<float> LinearMaskAt(const LinearProblem& problem, double share) {
  constexpr int64_t kSteps = 300;
  Script script;
  script.candidates = PlainCandidates(GateKind::kFeature, kColumns);
  script.budget = Count(1);
  script.steps = kSteps;
  script.params = {{"warmup", 0.0},
                   {"mask", std::string("linear")},
                   {"logit_optimizer", std::string("sgd")},
                   {"logit_learning_rate", 0.3},
                   {"weight_decay", 1.0}};
  Scripted run("sequential_attention", script);
  EXPECT_OK(run.begun);
  const Residual residual(problem);
  const std::vector<double> c = residual.Correlations(false);
  const double lambda = share * *std::max_element(c.begin(), c.end());
  const std::vector<bool> selected(kColumns, false);
  run.StepTo(kSteps - 1, [&](int64_t, std::span<const float> mask) {
    const std::vector<double> beta = SolveRidge(residual, mask, selected, lambda, 6);
    std::vector<float> g(kColumns, 0.0f);
    for (int32_t i = 0; i < kColumns; ++i) {
      // -beta_i z_i^T (r - Z (a o beta)), in units of lambda.
      if (mask[i] > 0) g[i] = static_cast<float>(-beta[i] * beta[i] / mask[i]);
    }
    return g;
  });
  return run.mask();
}

// A model that is the least-squares fit on the mask, exactly.
class LeastSquaresProbe final : public ModelProbe {
 public:
  explicit LeastSquaresProbe(const LinearProblem& problem) : problem_(problem) {}
  int64_t num_candidates() const override { return kColumns; }
  void WeightNorms(std::span<float> out) const override { std::fill(out.begin(), out.end(), 1.0f); }
  absl::Status Contributions(std::span<float>) override { return absl::OkStatus(); }
  absl::StatusOr<double> ValidationLoss(std::span<const float>) override { return 0.0; }
  absl::Status ResidualCorrelations(std::span<const float> mask, int64_t,
                                    std::span<float> out) override {
    Residual residual(problem_);
    for (int32_t i = 0; i < kColumns; ++i) {
      if (mask[i] > 0) residual.Select(i);
    }
    const std::vector<double> c = residual.Correlations(false);
    std::copy(c.begin(), c.end(), out.begin());
    return absl::OkStatus();
  }

 private:
  const LinearProblem& problem_;
};

std::vector<int32_t> SelectWithOmp(const LinearProblem& problem) {
  const CandidateSet candidates = PlainCandidates(GateKind::kFeature, kColumns);
  const Row& row = *FindSelector("omp");
  const auto selector = row.make(ResolvedParams(row, GateKind::kFeature));
  winnow::selectors::Problem task;
  task.candidates = &candidates;
  task.budget = Count(kPicks);
  task.total_steps = kPicks;
  task.max_picks = kPicks;
  EXPECT_OK(selector->Begin(task));
  LeastSquaresProbe probe(problem);
  for (int64_t step = 0; step < kPicks; ++step) {
    StepOutcome outcome;
    EXPECT_OK(selector->Step(step, 1.0, {}, probe, outcome));
  }
  return Candidates(selector->picks());
}

class LinearTheoryTest : public ::testing::TestWithParam<bool> {
 protected:
  struct Tally {
    int same_order = 0, tried = 0;
  };
  template <typename Select>
  Tally Compare(const Select& select) const {
    Tally tally;
    for (uint64_t seed = 1; tally.tried < kSeeds; ++seed) {
      const LinearProblem problem = MakeProblem(GetParam(), seed);
      const Pursuit pursuit = Pursue(problem, false);
      if (pursuit.least_gap < kLeastGap) continue;
      ++tally.tried;
      const std::vector<int32_t> order = select(problem);
      if (order == pursuit.order) ++tally.same_order;
    }
    return tally;
  }
};

TEST_P(LinearTheoryTest, SoftmaxWithRidgeIsMatchingPursuit) {
  const Tally tally =
      Compare([](const LinearProblem& problem) { return SelectWithAttention(problem, false); });
  EXPECT_EQ(tally.same_order, kSeeds);
}

TEST_P(LinearTheoryTest, TheLinearMaskWithTwoRidgesIsMatchingPursuit) {
  const Tally tally =
      Compare([](const LinearProblem& problem) { return SelectWithAttention(problem, true); });
  EXPECT_EQ(tally.same_order, kSeeds);
}

// From the critical value on, two ridges leave nothing of what is not selected: theta = w beta = 0
// with w -> 0.
TEST_P(LinearTheoryTest, FromTheCriticalValueOnTheLinearMaskDiesOut) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const LinearProblem problem = MakeProblem(GetParam(), seed);
    for (const float w : LinearMaskAt(problem, 1.2)) EXPECT_LT(w, 1e-6) << seed;
    const std::vector<float> below = LinearMaskAt(problem, 0.8);
    EXPECT_GT(*std::max_element(below.begin(), below.end()), 0.05) << seed;
  }
}

TEST_P(LinearTheoryTest, OmpOnALinearModelIsMatchingPursuit) {
  const Tally tally = Compare([](const LinearProblem& problem) { return SelectWithOmp(problem); });
  EXPECT_EQ(tally.same_order, kSeeds);
}

// Orthogonal least squares divides by what S leaves of a column: another algorithm. A test that
// agrees with both would show nothing.
TEST_P(LinearTheoryTest, OrthogonalLeastSquaresIsAnotherOrder) {
  const Tally tally =
      Compare([](const LinearProblem& problem) { return Pursue(problem, true).order; });
  EXPECT_LT(tally.same_order, kSeeds - 4);
}

INSTANTIATE_TEST_SUITE_P(Columns, LinearTheoryTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return std::string(info.param ? "correlated" : "gaussian");
                         });

// Nothing solved to an end: one training by gradient descent, 400 steps a pick, with weight decay 1
// on what is not selected, which makes the gates act greedily.
std::vector<int32_t> SelectInOneTraining(const LinearProblem& problem) {
  constexpr int64_t kStepsPerPick = 400;
  constexpr double kRate = 0.2, kDecay = 1.0;
  Script script;
  script.candidates = PlainCandidates(GateKind::kFeature, kColumns);
  script.budget = Count(kPicks);
  script.steps = kStepsPerPick * kPicks;
  script.params = {{"warmup", 0.0},
                   {"logit_optimizer", std::string("sgd")},
                   {"logit_learning_rate", 60.0},
                   {"weight_decay", kDecay}};
  Scripted run("sequential_attention", script);
  EXPECT_OK(run.begun);
  std::vector<double> beta(kColumns, 0.0);
  std::vector<bool> selected(kColumns, false);
  std::vector<int32_t> order;
  const auto train = [&](int64_t, std::span<const float> mask) {
    Column left = problem.y;
    for (int32_t i = 0; i < kColumns; ++i) {
      for (int32_t n = 0; n < kRows; ++n) left[n] -= mask[i] * beta[i] * problem.x[i][n];
    }
    std::vector<float> g(kColumns);
    for (int32_t i = 0; i < kColumns; ++i) {
      const double slope = Dot(problem.x[i], left) / kRows;
      g[i] = static_cast<float>(-beta[i] * slope);
      beta[i] += kRate * (mask[i] * slope - (selected[i] ? 0.0 : kDecay) * beta[i]);
    }
    return g;
  };
  while (run.step() < script.steps) {
    for (const Pick& pick : run.Step(train).picks) {
      selected[pick.candidate] = true;
      order.push_back(pick.candidate);
    }
  }
  return order;
}

TEST(LinearTheoryTest, OneTrainingWithDecayOnTheUnselectedFollowsMatchingPursuit) {
  int same_order = 0, same_set = 0, tried = 0;
  for (uint64_t seed = 1; tried < kSeeds; ++seed) {
    const LinearProblem problem = MakeProblem(false, seed);
    const Pursuit pursuit = Pursue(problem, false);
    if (pursuit.least_gap < kLeastGap) continue;
    ++tried;
    const std::vector<int32_t> order = SelectInOneTraining(problem);
    same_order += order == pursuit.order ? 1 : 0;
    same_set += Sorted(order) == Sorted(pursuit.order) ? 1 : 0;
  }
  EXPECT_GE(same_order, 17);
  EXPECT_GE(same_set, 19);
}

TEST(LinearTheoryTest, AnExactCopyOfASelectedColumnIsNeverPicked) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    LinearProblem problem = MakeProblem(false, seed);
    problem.x[7] = problem.x[2];
    const auto order = SelectWithOmp(problem);
    EXPECT_LE(std::count(order.begin(), order.end(), 2) + std::count(order.begin(), order.end(), 7),
              1);
  }
}

TEST(LinearTheoryTest, ALargerScaleBringsAColumnForward) {
  const LinearProblem problem = MakeProblem(false, 1);
  const std::vector<int32_t> before = SelectWithOmp(problem);
  int32_t late = 0;
  while (std::count(before.begin(), before.end(), late) != 0) ++late;
  LinearProblem scaled = problem;
  for (double& v : scaled.x[late]) v *= 1e3;
  EXPECT_EQ(SelectWithOmp(scaled).front(), late);
}

}  // namespace
}  // namespace winnow::selectors
