#include "kernels/ops/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/kernels/ops/ops_testing.h"

namespace winnow::ops {
namespace {

constexpr OptimizerSettings kAdagrad = {.kind = OptimizerKind::kAdagrad,
                                        .epsilon = kAdagradEpsilon};

struct Case {
  const char* name;
  OptimizerSettings settings;
  double weight_decay;
};

// Parameters with their moments; absent moments are null, as in a training.
struct State {
  State(const OptimizerSettings& settings, int64_t n)
      : theta(RandomVector(n, "theta")), m(n, 0.1f), v(n, 0.2f), moments(MomentCount(settings)) {}
  float* first() { return moments > 0 ? m.data() : nullptr; }
  float* second() { return moments > 1 ? v.data() : nullptr; }
  bool operator==(const State&) const = default;

  std::vector<float> theta, m, v;
  int moments;
};

class OptimizerTest : public ::testing::TestWithParam<Case> {
 protected:
  const OptimizerSettings settings_ = GetParam().settings;
  const OptimizerStep step_ = MakeOptimizerStep(settings_, 3, 0.01, GetParam().weight_decay);

  void ReferenceStep(State& state, int64_t i, float g) {
    ref::OptimizerUpdate(step_, g, &state.theta[i], state.moments > 0 ? &state.m[i] : nullptr,
                         state.moments > 1 ? &state.v[i] : nullptr);
  }
};

TEST_P(OptimizerTest, UpdateEqualsReferenceBitForBit) {
  for (const int64_t n : {1, 7, 16, 67, 1000}) {
    State state(settings_, n), expected(settings_, n);
    const std::vector<float> g = RandomVector(n, "g");
    OptimizerUpdate(step_, n, 0.5f, g.data(), state.theta.data(), state.first(), state.second());
    for (int64_t i = 0; i < n; ++i) ReferenceStep(expected, i, 0.5f * g[i]);
    EXPECT_EQ(state, expected) << n;
  }
}

TEST_P(OptimizerTest, ScaledUpdateEqualsReferenceAndZeroScaleKeepsEveryBit) {
  constexpr int64_t kCount = 67;
  State state(settings_, kCount), expected(settings_, kCount);
  const std::vector<float> g = RandomVector(kCount, "g");
  std::vector<float> scales(kCount);
  for (int64_t i = 0; i < kCount; ++i) scales[i] = static_cast<float>(i % 3);
  OptimizerUpdateScaled(step_, kCount, scales.data(), g.data(), state.theta.data(), state.first(),
                        state.second());
  for (int64_t i = 0; i < kCount; ++i) {
    if (scales[i] != 0) ReferenceStep(expected, i, scales[i] * g[i]);
  }
  EXPECT_EQ(state, expected);
}

TEST_P(OptimizerTest, UpdateByRowEqualsReferenceForShortAndLongRows) {
  constexpr int64_t kRows = 37;
  for (const int64_t columns : {1, 10, 67, 256, 300}) {
    const int64_t n = kRows * columns;
    State state(settings_, n), expected(settings_, n);
    const std::vector<float> g = RandomVector(n, "g"), scales = RandomVector(kRows, "scales");
    OptimizerUpdateByRow(step_, kRows, columns, scales.data(), g.data(), state.theta.data(),
                         state.first(), state.second());
    for (int64_t i = 0; i < n; ++i) ReferenceStep(expected, i, scales[i / columns] * g[i]);
    EXPECT_EQ(state, expected) << columns;
  }
}

TEST_P(OptimizerTest, RowsEqualReferenceAndFrozenDimensionsKeepEveryBit) {
  constexpr int64_t kRows = 9, kDim = 5;
  const std::vector<int32_t> codes = {7, 0, 3};
  const std::vector<float> live = {1, 0, 1, 1, 0};
  const std::vector<float> g = RandomVector(3 * kDim, "g");
  for (const float* mask : {static_cast<const float*>(nullptr), live.data()}) {
    State state(settings_, kRows * kDim), expected(settings_, kRows * kDim);
    OptimizerUpdateRows(step_, 3, kDim, codes.data(), mask, g.data(), state.theta.data(),
                        state.first(), state.second());
    for (int64_t r = 0; r < 3; ++r) {
      for (int64_t d = 0; d < kDim; ++d) {
        if (mask != nullptr && mask[d] == 0) continue;
        ReferenceStep(expected, codes[r] * kDim + d, g[r * kDim + d]);
      }
    }
    EXPECT_EQ(state, expected);
  }
}

// Rows that the batch does not touch have gradient 0; those outside the range keep every bit.
TEST_P(OptimizerTest, TableEqualsReferenceOnEveryRowOfTheRange) {
  constexpr int64_t kRows = 40, kDim = 5;
  constexpr int64_t kBegin = 3, kEnd = 39;
  const std::vector<int32_t> codes = {38, 3, 17, 18};
  const std::vector<float> live = {1, 0, 1, 1, 0};
  const std::vector<float> g = RandomVector(4 * kDim, "g");
  for (const float* mask : {static_cast<const float*>(nullptr), live.data()}) {
    State state(settings_, kRows * kDim), expected(settings_, kRows * kDim);
    std::vector<int32_t> slots(kRows, -1);
    OptimizerUpdateTable(step_, kBegin, kEnd, 4, kDim, codes.data(), slots.data(), mask, g.data(),
                         state.theta.data(), state.first(), state.second());
    for (int64_t row = kBegin; row < kEnd; ++row) {
      const auto r = std::find(codes.begin(), codes.end(), row) - codes.begin();
      for (int64_t d = 0; d < kDim; ++d) {
        if (mask != nullptr && mask[d] == 0) continue;
        ReferenceStep(expected, row * kDim + d, r < 4 ? g[r * kDim + d] : 0.0f);
      }
    }
    EXPECT_EQ(state, expected);
    EXPECT_EQ(slots, std::vector<int32_t>(kRows, -1));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, OptimizerTest,
    ::testing::Values(Case{"Adam", {}, 0.0}, Case{"AdamW", {}, 1.0},
                      Case{"Sgd", {.kind = OptimizerKind::kSgd}, 0.0},
                      Case{"Adagrad", kAdagrad, 0.0}, Case{"AdagradDecay", kAdagrad, 0.5},
                      Case{"SgdMomentum", {.kind = OptimizerKind::kSgd, .momentum = 0.9}, 0.1}),
    [](const auto& info) { return std::string(info.param.name); });

// The formulas of the head of optimizer.h in double, over several steps, from zero moments.
TEST(OptimizerFormulaTest, AdamWFollowsThePaper) {
  const OptimizerSettings settings;
  const double rate = 0.1, decay = 0.5;
  float theta = 1.5f, m = 0, v = 0;
  double want = 1.5, want_m = 0, want_v = 0;
  for (int t = 1; t <= 20; ++t) {
    const double g = std::sin(t) + 0.2;
    const auto g_float = static_cast<float>(g);
    OptimizerUpdate(MakeOptimizerStep(settings, t, rate, decay), 1, 1.0f, &g_float, &theta, &m, &v);
    want_m = 0.9 * want_m + 0.1 * g;
    want_v = 0.999 * want_v + 0.001 * g * g;
    const double m_hat = want_m / (1 - std::pow(0.9, t)), v_hat = want_v / (1 - std::pow(0.999, t));
    want = want - rate * decay * want - rate * m_hat / (std::sqrt(v_hat) + 1e-8);
    // A dozen single-precision operations a step, on values of order 1. The bias corrections divide
    // by as little as 1 - b2, which float holds to 3e-5 relative at t = 1 (b2 is rounded to float).
    EXPECT_NEAR(theta, want, 2e-5 * t) << t;
  }
}

TEST(OptimizerFormulaTest, AdagradFollowsItsDefinition) {
  const double rate = 0.1, decay = 0.5;
  float theta = 1.5f, sum = 0;
  double want = 1.5, want_sum = 0;
  for (int t = 1; t <= 20; ++t) {
    const double g = std::sin(t) + 0.2;
    const auto g_float = static_cast<float>(g);
    OptimizerUpdate(MakeOptimizerStep(kAdagrad, t, rate, decay), 1, 1.0f, &g_float, &theta, &sum,
                    nullptr);
    want_sum += g * g;
    want = want - rate * decay * want - rate * g / (std::sqrt(want_sum) + 1e-10);
    // A dozen single-precision operations a step, on values of order 1.
    EXPECT_NEAR(theta, want, 1e-6 * t) << t;
  }
}

TEST(OptimizerFormulaTest, AdagradStaysFiniteForGradientsWhoseSquareVanishes) {
  for (const float g : {0.0f, 1e-30f, -1e-22f, 1e18f}) {
    float theta = 1, sum = 0;
    OptimizerUpdate(MakeOptimizerStep(kAdagrad, 1, 0.01, 0), 1, 1.0f, &g, &theta, &sum, nullptr);
    EXPECT_NEAR(theta, 1, 0.0101) << g;
  }
}

TEST(OptimizerFormulaTest, FirstAdamStepMovesByTheRateAgainstTheGradient) {
  for (const float g : {-3.0f, 0.001f, 100.0f}) {
    float theta = 0, m = 0, v = 0;
    OptimizerUpdate(MakeOptimizerStep({}, 1, 0.01, 0), 1, 1.0f, &g, &theta, &m, &v);
    EXPECT_NEAR(theta, g > 0 ? -0.01 : 0.01, 1e-6);
  }
}

TEST(OptimizerFormulaTest, MomentumAddsUp) {
  const OptimizerSettings settings = {.kind = OptimizerKind::kSgd, .momentum = 0.5};
  float theta = 0, m = 0;
  const float g = 1;
  for (int t = 1; t <= 3; ++t) {
    OptimizerUpdate(MakeOptimizerStep(settings, t, 0.5, 0), 1, 1.0f, &g, &theta, &m, nullptr);
  }
  EXPECT_EQ(theta, -0.5f * (1.0f + 1.5f + 1.75f));
}

}  // namespace
}  // namespace winnow::ops
