// Selectors that read a model through its residual or its weights, on a linear model: they find
// what adds up and miss what interacts.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/model_probe.h"
#include "kernels/base/rng.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

constexpr int32_t kFeatures = 20;
constexpr uint64_t kRuns = 6;

// loss = mean (y - x . (m o beta))^2 / 2 over all rows, y in {-1, 1}; moments of the data instead
// of the rows.
class LinearModel final : public ModelProbe {
 public:
  explicit LinearModel(const PlantedData& data)
      : n_(static_cast<size_t>(data.inputs)), gram_(n_ * n_), xy_(n_), beta_(n_) {
    const double scale = 1.0 / static_cast<double>(data.rows());
    for (int64_t row = 0; row < data.rows(); ++row) {
      const double* x = &data.x[row * data.inputs];
      for (size_t i = 0; i < n_; ++i) {
        xy_[i] += scale * x[i] * (2 * data.y[row] - 1);
        for (size_t j = 0; j < n_; ++j) gram_[i * n_ + j] += scale * x[i] * x[j];
      }
    }
  }

  // A step of gradient descent; `ridge` as of Selector.
  void Step(std::span<const float> mask, std::span<const float> ridge, double rate) {
    std::vector<double> gradient(n_);
    for (size_t i = 0; i < n_; ++i) {
      gradient[i] = -mask[i] * Slope(mask, i) + (ridge.empty() ? 0.0 : ridge[i]) * beta_[i];
    }
    for (size_t i = 0; i < n_; ++i) beta_[i] -= rate * gradient[i];
  }

  int64_t num_candidates() const override { return static_cast<int64_t>(n_); }
  void WeightNorms(std::span<float> out) const override {
    for (size_t i = 0; i < n_; ++i) out[i] = static_cast<float>(std::abs(beta_[i]));
  }
  absl::Status Contributions(std::span<float> out) override {
    for (size_t i = 0; i < n_; ++i) {
      out[i] = static_cast<float>(std::abs(beta_[i]) * std::sqrt(gram_[i * n_ + i]));
    }
    return absl::OkStatus();
  }
  absl::StatusOr<double> ValidationLoss(std::span<const float>) override { return 0.0; }
  absl::Status ResidualCorrelations(std::span<const float> mask, int64_t,
                                    std::span<float> out) override {
    for (size_t i = 0; i < n_; ++i) out[i] = static_cast<float>(std::abs(Slope(mask, i)));
    return absl::OkStatus();
  }

 private:
  // Mean of x_i times the residual.
  double Slope(std::span<const float> mask, size_t i) const {
    double slope = xy_[i];
    for (size_t j = 0; j < n_; ++j) slope -= gram_[i * n_ + j] * mask[j] * beta_[j];
    return slope;
  }

  size_t n_;
  std::vector<double> gram_, xy_, beta_;
};

std::vector<int32_t> Select(const std::string& name, const PlantedData& data) {
  // Below 2 / (penalty / least norm), where the penalty of a weight near 0 would throw it about.
  constexpr double kRate = 0.01;
  LinearModel model(data);
  const Row& row = *FindSelector(name);
  const ParamValues params = ResolvedParams(row, GateKind::kFeature);
  Problem problem;
  problem.candidates = &data.candidates;
  problem.budget = data.TruthBudget();
  problem.max_picks = static_cast<int64_t>(data.truth.size());
  problem.total_steps = row.selection_steps(params, problem.max_picks);
  const auto selector = row.make(params);
  EXPECT_OK(selector->Begin(problem));
  StepOutcome outcome;
  for (int64_t step = 0; step < problem.total_steps && !outcome.done; ++step) {
    outcome = {};
    EXPECT_OK(selector->Prepare(step, model));
    model.Step(selector->mask(), selector->ridge(), kRate);
    EXPECT_OK(selector->Step(step, 1.0, {}, model, outcome));
  }
  return Sorted(Candidates(selector->picks()));
}

// y = [x3 + x7 > 0], a coin where they cancel.
PlantedData MakeSum(uint64_t seed) {
  PlantedData data = MakeXor(kFeatures, 4000, seed);
  const RngStream coin(seed, "test/coin");
  for (int64_t row = 0; row < data.rows(); ++row) {
    const double* x = &data.x[row * data.inputs];
    const double sum = x[3] + x[7];
    data.y[row] = sum > 0 || (sum == 0 && coin.Uniform(row) < 0.5) ? 1.0 : 0.0;
  }
  data.truth = {3, 7};
  return data;
}

class LinearModelTest : public ::testing::TestWithParam<std::string> {};

TEST_P(LinearModelTest, FindsASumAndMissesXor) {
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const PlantedData sum = MakeSum(seed), exclusive = MakeXor(kFeatures, 4000, seed);
    EXPECT_EQ(Select(GetParam(), sum), sum.truth) << seed;
    EXPECT_NE(Select(GetParam(), exclusive), exclusive.truth) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Selectors, LinearModelTest,
                         ::testing::Values("omp", "sequential_lasso", "group_lasso"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace winnow::selectors
