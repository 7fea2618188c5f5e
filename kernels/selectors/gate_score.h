// By what a gated candidate is judged when it is picked or dropped.
//
//   gate            w_i                                   the logit
//   gate_magnitude  w_i + log c_i                         c_i rms of the candidate's contribution
// less e log(cost_i), e the cost exponent; the cost is what the budget limits (LimitedCost); where
// it limits the number alone, the candidate's bytes where it has any, else its price. With gates of
// embeddings the logit alone is noise: scales of embeddings differ. An exponent near 1 fills a byte
// budget with cheap candidates of no use.
#ifndef WINNOW_KERNELS_SELECTORS_GATE_SCORE_H_
#define WINNOW_KERNELS_SELECTORS_GATE_SCORE_H_

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/base/model_probe.h"
#include "kernels/selectors/params.h"

namespace winnow::selectors {

ParamSpec ScoreParam();
ParamSpec CostExponentParam();

class GateScore {
 public:
  // REQUIRES: resolved parameters with "score" and "cost_exponent".
  explicit GateScore(const ParamValues& params);

  // The same with gate_magnitude whatever was asked for.
  GateScore WithMagnitude() const;

  // Scores of all candidates, larger is better.
  absl::StatusOr<std::vector<float>> Of(std::span<const float> logits,
                                        const CandidateSet& candidates, const Budget& budget,
                                        ModelProbe& probe) const;

 private:
  bool magnitude_;
  double cost_exponent_;
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_GATE_SCORE_H_
