#include "kernels/selectors/gate_score.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

// A contribution of 0 gets a score far below any other, and a finite one.
constexpr double kLeastContribution = 1e-30;

}  // namespace

ParamSpec ScoreParam() {
  return {.name = "score",
          .type = ParamType::kString,
          .choices = {"gate", "gate_magnitude"},
          .doc =
              "By what candidates are judged; absent: gate_magnitude for embedding dimensions, "
              "else gate."};
}

ParamSpec CostExponentParam() {
  return {.name = "cost_exponent",
          .min = 0,
          .max = 1,
          .doc =
              "Exponent e of the price in score - e log(cost); absent: 0.5 under max_bytes "
              "and max_cost, else 0."};
}

GateScore::GateScore(const ParamValues& params)
    : magnitude_(GetString(params, "score") == "gate_magnitude"),
      cost_exponent_(GetDouble(params, "cost_exponent")) {}

GateScore GateScore::WithMagnitude() const {
  GateScore score = *this;
  score.magnitude_ = true;
  return score;
}

absl::StatusOr<std::vector<float>> GateScore::Of(std::span<const float> logits,
                                                 const CandidateSet& candidates,
                                                 const Budget& budget, ModelProbe& probe) const {
  std::vector<float> scores(logits.begin(), logits.end());
  if (magnitude_) {
    std::vector<float> contributions(scores.size());
    RETURN_IF_ERROR(probe.Contributions(contributions));
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] +=
          static_cast<float>(std::log(std::max<double>(contributions[i], kLeastContribution)));
    }
  }
  if (cost_exponent_ > 0) {
    for (size_t i = 0; i < scores.size(); ++i) {
      const Cost& cost = candidates.items[i].cost;
      const double unlimited = cost.bytes > 0 ? static_cast<double>(cost.bytes) : cost.price;
      const double price = LimitsCosts(budget) ? LimitedCost(budget, cost) : unlimited;
      scores[i] -= static_cast<float>(cost_exponent_ * std::log(price));
    }
  }
  return scores;
}

}  // namespace winnow::selectors
