#include "kernels/selectors/autofield.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/selectors/gate_adam.h"
#include "kernels/selectors/one_shot.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithOwnRunParams(
      {{.name = "gate_interval",
        .type = ParamType::kInt,
        .default_value = int64_t{2},
        .min = 1,
        .max = 1e9,
        .doc = "Steps between two steps of the gates, which use validation batches."},
       {.name = "initial_temperature",
        .default_value = 1.0,
        .min = 0,
        .min_exclusive = true,
        .doc = "First temperature of the Gumbel-softmax."},
       {.name = "temperature_decay",
        .min = 0,
        .doc = "Fall of the temperature per step; absent: the least is reached at the end."},
       {.name = "final_temperature",
        .default_value = 0.1,
        .min = 0,
        .min_exclusive = true,
        .doc = "Least temperature."}});
  return table;
}

class Autofield final : public OneShot {
 public:
  explicit Autofield(const ParamValues& params)
      : rate_(kGateRate * GetDouble(params, "learning_rate")),
        interval_(GetInt(params, "gate_interval")),
        first_temperature_(GetDouble(params, "initial_temperature")),
        last_temperature_(GetDouble(params, "final_temperature")) {
    if (params.count("temperature_decay") != 0) fall_ = GetDouble(params, "temperature_decay");
  }

  std::string first_phase() const override { return "search"; }
  bool needs_mask_gradient() const override { return false; }

  absl::Status Start() override {
    if (problem().validation_rows == 0) {
      return absl::FailedPreconditionError(
          "autofield trains its gates on validation rows, and the split has none");
    }
    logits_ = GateAdam(size(), 0.0f, SecondMoment::kShared);
    gradient_.resize(static_cast<size_t>(size()));
    noise_.emplace(problem().seed, "select/autofield");
    DrawMask(0);
    return absl::OkStatus();
  }

  absl::Status Step(int64_t step, double rate, std::span<const float>, ModelProbe& probe,
                    StepOutcome& outcome) override {
    if ((step + 1) % interval_ == 0) {
      RETURN_IF_ERROR(probe.ValidationMaskGradient(step / interval_, mask(), gradient_));
      const double tau = Temperature(step);
      for (size_t c = 0; c < gradient_.size(); ++c) {
        const double p = mask()[c];
        // Of a1 - a0: both logits move by the same amount, apart.
        gradient_[c] = static_cast<float>(gradient_[c] * p * (1.0 - p) / tau);
      }
      logits_.Update(gradient_, 2.0 * rate_ * rate);
    }
    if (is_last(step)) return Choose(probe, outcome);
    DrawMask(step + 1);
    return Score(probe, next_scores());
  }

 private:
  double Temperature(int64_t step) const {
    const double fall =
        fall_.value_or((first_temperature_ - last_temperature_) /
                       static_cast<double>(std::max<int64_t>(1, problem().total_steps)));
    return std::max(last_temperature_, first_temperature_ - fall * static_cast<double>(step));
  }

  void DrawMask(int64_t step) {
    const double tau = Temperature(step);
    for (size_t c = 0; c < gradient_.size(); ++c) {
      const double u = noise_->Uniform(static_cast<uint64_t>(step) * gradient_.size() + c);
      const double logistic = std::log(std::max(u, 1e-12) / std::max(1.0 - u, 1e-12));
      const double t = (logits_.values()[c] + logistic) / tau;
      next_mask()[c] = static_cast<float>(1.0 / (1.0 + std::exp(-t)));
    }
    KeepMustKeep();
  }

  absl::Status Score(ModelProbe&, std::span<float> scores) override {
    std::copy(logits_.values().begin(), logits_.values().end(), scores.begin());
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    logits_.Save(prefix, checkpoint);
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    return logits_.Load(prefix, checkpoint);
  }

  const double rate_;
  const int64_t interval_;
  const double first_temperature_, last_temperature_;
  std::optional<double> fall_;
  GateAdam logits_;  // a1 - a0
  std::vector<float> gradient_;
  std::optional<RngStream> noise_;
};

}  // namespace

Row AutofieldRow() {
  return {.name = "autofield",
          .version = 2,
          .summary = "Keep or drop, drawn by Gumbel-softmax, learnt on validation rows.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = false,
          .reads_inputs = true,
          .params = Params(),
          .selection_steps = StepsOfOwnRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Autofield>(params);
          }};
}

}  // namespace winnow::selectors
