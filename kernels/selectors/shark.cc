#include "kernels/selectors/shark.h"

#include <memory>

#include "kernels/selectors/one_shot.h"
#include "kernels/selectors/pruning_params.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = {
      {.name = "rows",
       .type = ParamType::kInt,
       .default_value = int64_t{65536},
       .min = 1,
       .max = 1 << 20,
       .doc = "Validation rows used, at most."},
      {.name = "steps",
       .type = ParamType::kInt,
       .min = 0,
       .max = 1e9,
       .doc = "Steps of the training before; absent: those of training."}};
  return table;
}

class Shark final : public OneShot {
 public:
  explicit Shark(const ParamValues& params) : rows_(GetInt(params, "rows")) {}

  std::string first_phase() const override { return "train"; }
  bool needs_mask_gradient() const override { return false; }

  absl::Status Start() override {
    if (problem().validation_rows > 0) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "shark measures on validation rows, and the split has none");
  }

  absl::Status Step(int64_t step, double, std::span<const float>, ModelProbe& probe,
                    StepOutcome& outcome) override {
    outcome.mask_changed = false;
    return is_last(step) ? Choose(probe, outcome) : absl::OkStatus();
  }

 private:
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    return probe.Saliency(rows_, scores);
  }

  const int64_t rows_;
};

}  // namespace

Row SharkRow() {
  return {.name = "shark",
          .version = 1,
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
