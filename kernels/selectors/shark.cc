#include "kernels/selectors/shark.h"

#include <memory>

#include "kernels/selectors/full_model_run.h"
#include "kernels/selectors/pruning_params.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithFullModelParams(65536, {});
  return table;
}

class Shark final : public FullModelRun {
 public:
  explicit Shark(const ParamValues& params)
      : FullModelRun("shark"), rows_(GetInt(params, "rows")) {}

 private:
  absl::Status Trained(ModelProbe& probe, StepOutcome& outcome) override {
    return Choose(probe, outcome);
  }
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    return probe.Saliency(rows_, scores);
  }

  const int64_t rows_;
};

}  // namespace

Row SharkRow() {
  return {.name = "shark",
          .version = 2,
          .summary = "First-order estimate of shuffling a field of the trained model.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = true,
          .reads_inputs = true,
          .params = Params(),
          .selection_steps = StepsOfRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Shark>(params);
          }};
}

}  // namespace winnow::selectors
