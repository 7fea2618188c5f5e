// A selector fed by hand: candidates without a model, gradients and norms from the test.
#ifndef WINNOW_TESTS_UNIT_KERNELS_SELECTORS_SCRIPTED_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_SELECTORS_SCRIPTED_TESTING_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/model_probe.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {

class FixedProbe final : public ModelProbe {
 public:
  explicit FixedProbe(int64_t candidates)
      : norms(static_cast<size_t>(candidates), 1.0f), contributions(norms) {}

  std::vector<float> norms, contributions;

  int64_t num_candidates() const override { return static_cast<int64_t>(norms.size()); }
  void WeightNorms(std::span<float> out) const override {
    std::copy(norms.begin(), norms.end(), out.begin());
  }
  absl::Status Contributions(std::span<float> out) override {
    std::copy(contributions.begin(), contributions.end(), out.begin());
    return absl::OkStatus();
  }
  absl::StatusOr<double> ValidationLoss(std::span<const float>) override { return 0.0; }
};

// `count` candidates of cost 1 (price, byte and multiply-add).
inline CandidateSet PlainCandidates(GateKind gate, int32_t count) {
  CandidateSet set;
  set.gate = gate;
  for (int32_t c = 0; c < count; ++c) {
    Candidate candidate;
    candidate.name = "c" + std::to_string(c);
    candidate.cost = {.price = 1, .bytes = 1, .flops = 1};
    set.items.push_back(candidate);
  }
  return set;
}

inline Budget Count(int64_t k) {
  Budget budget;
  budget.max_count = k;
  return budget;
}

struct Script {
  CandidateSet candidates;
  Budget budget;
  int64_t steps = 100;
  ParamValues params;
  uint64_t seed = 1;
};

class Scripted {
 public:
  using Gradient = std::function<std::vector<float>(int64_t step, std::span<const float> mask)>;

  Scripted(const std::string& selector, Script script)
      : script_(std::move(script)), probe(script_.candidates.size()) {
    const Row& row = *FindSelector(selector);
    std::vector<Cost> costs;
    for (const Candidate& candidate : script_.candidates.items) costs.push_back(candidate.cost);
    problem_ = {.candidates = &script_.candidates,
                .budget = script_.budget,
                .total_steps = script_.steps,
                .max_picks = MaxAffordableCount(script_.budget, costs),
                .seed = script_.seed};
    selector_ = row.make(ResolvedParams(row, script_.candidates.gate, script_.params));
    begun = selector_->Begin(problem_);
  }

  absl::Status begun;
  Selector& selector() { return *selector_; }
  std::vector<float> mask() const { return {selector_->mask().begin(), selector_->mask().end()}; }
  int64_t step() const { return step_; }

  // One step with d loss / d mask from `gradient` (all 0 when empty).
  StepOutcome Step(const Gradient& gradient = nullptr, double rate = 1.0) {
    std::vector<float> g(mask().size(), 0.0f);
    if (gradient) g = gradient(step_, selector_->mask());
    if (!selector_->needs_mask_gradient()) g.clear();
    StepOutcome outcome;
    EXPECT_OK(selector_->Step(step_, rate, g, probe, outcome));
    ++step_;
    return outcome;
  }

  // Steps up to `step`; returns (step, outcome) of every step.
  std::vector<StepOutcome> StepTo(int64_t step, const Gradient& gradient = nullptr) {
    std::vector<StepOutcome> outcomes;
    while (step_ < step) outcomes.push_back(Step(gradient));
    return outcomes;
  }

 private:
  Script script_;
  Problem problem_;
  std::unique_ptr<Selector> selector_;
  int64_t step_ = 0;

 public:
  FixedProbe probe;
};

}  // namespace winnow::selectors

#endif  // WINNOW_TESTS_UNIT_KERNELS_SELECTORS_SCRIPTED_TESTING_H_
