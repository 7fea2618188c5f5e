#include "kernels/selectors/group_lasso.h"

#include <algorithm>
#include <memory>

#include "kernels/selectors/group_penalty.h"
#include "kernels/selectors/one_shot.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithOwnRunParams(GroupPenaltyParams());
  return table;
}

class GroupLasso final : public OneShot {
 public:
  explicit GroupLasso(const ParamValues& params)
      : warmup_(GetDouble(params, "warmup")), penalty_(GetDouble(params, "penalty")) {}

  std::string first_phase() const override { return "penalty"; }
  bool needs_mask_gradient() const override { return false; }

  absl::Status Start() override {
    for (int32_t c = 0; c < size(); ++c) {
      if (!std::binary_search(problem().candidates->must_keep.begin(),
                              problem().candidates->must_keep.end(), c)) {
        members_.push_back(c);
      }
    }
    return absl::OkStatus();
  }

  absl::Status Prepare(int64_t step, ModelProbe& probe) override {
    const double warm = warmup_ * static_cast<double>(problem().total_steps);
    if (static_cast<double>(step) >= warm) penalty_.Update(members_, probe);
    return absl::OkStatus();
  }
  std::span<const float> ridge() const override { return penalty_.ridge(); }

  absl::Status Step(int64_t step, double, std::span<const float>, ModelProbe& probe,
                    StepOutcome& outcome) override {
    outcome.mask_changed = false;
    return is_last(step) ? Choose(probe, outcome) : absl::OkStatus();
  }

 private:
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    return probe.Contributions(scores);
  }

  const double warmup_;
  GroupPenalty penalty_;
  std::vector<int32_t> members_;  // penalised candidates, ascending
};

}  // namespace

Row GroupLassoRow() {
  return {.name = "group_lasso",
          .version = 1,
          .summary = "One training with a group penalty on the inputs; the largest norms stay.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = false,
          .reads_inputs = true,
          .params = Params(),
          .selection_steps = StepsOfOwnRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<GroupLasso>(params);
          }};
}

}  // namespace winnow::selectors
