#include "kernels/selectors/omp.h"

#include <memory>

#include "kernels/selectors/phased.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table =
      WithPhaseParams({{.name = "weight_decay",
                        .default_value = 1.0,
                        .min = 0,
                        .doc = "Decoupled weight decay of the network."},
                       {.name = "gradient_rows",
                        .type = ParamType::kInt,
                        .default_value = int64_t{8192},
                        .min = 1,
                        .max = 1 << 20,
                        .doc = "Training rows over which the residual is taken, at most."}});
  return table;
}

class Omp final : public Phased {
 public:
  explicit Omp(const ParamValues& params)
      : Phased(GetInt(params, "picks_per_round"), 0.0), rows_(GetInt(params, "gradient_rows")) {}

 private:
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    std::vector<float> selected(scores.size(), 0.0f);
    for (const Pick& pick : picks()) selected[pick.candidate] = 1.0f;
    return probe.ResidualCorrelations(selected, rows_, scores);
  }
  float mask_of_unselected() const override { return 0.0f; }

  const int64_t rows_;
};

}  // namespace

Row OmpRow() {
  return {.name = "omp",
          .version = 1,
          .summary = "Orthogonal matching pursuit: the largest correlation with the residual.",
          .gates = {GateKind::kFeature},
          .trains_the_model = false,
          .reads_inputs = true,
          .params = Params(),
          .selection_steps = StepsOfPhases,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Omp>(params);
          }};
}

}  // namespace winnow::selectors
