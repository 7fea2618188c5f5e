#include "kernels/selectors/sequential_lasso.h"

#include <memory>

#include "kernels/selectors/group_penalty.h"
#include "kernels/selectors/phased.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithPhaseParams(GroupPenaltyParams());
  return table;
}

class SequentialLasso final : public Phased {
 public:
  explicit SequentialLasso(const ParamValues& params)
      : Phased(GetInt(params, "picks_per_round"), GetDouble(params, "warmup")),
        penalty_(GetDouble(params, "penalty")) {}

  absl::Status Prepare(int64_t, ModelProbe& probe) override {
    if (is_warm()) penalty_.Update(eligible(), probe);
    return absl::OkStatus();
  }
  std::span<const float> ridge() const override { return penalty_.ridge(); }

 private:
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    return probe.Contributions(scores);
  }
  float mask_of_unselected() const override { return 1.0f; }

  GroupPenalty penalty_;
};

}  // namespace

Row SequentialLassoRow() {
  return {
      .name = "sequential_lasso",
      .version = 1,
      .summary = "Group penalty on what is not yet selected, one pick at the end of each phase.",
      .gates = {GateKind::kFeature, GateKind::kChunk},
      .trains_the_model = false,
      .reads_inputs = true,
      .params = Params(),
      .selection_steps = StepsOfPhases,
      .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
        return std::make_unique<SequentialLasso>(params);
      }};
}

}  // namespace winnow::selectors
