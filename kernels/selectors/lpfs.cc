#include "kernels/selectors/lpfs.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "kernels/base/status.h"
#include "kernels/selectors/gate_adam.h"
#include "kernels/selectors/one_shot.h"

namespace winnow::selectors {
namespace {

constexpr double kSignAwareScale = 10.0;
constexpr double kFinalShare = 1e-3;  // of epsilon, where epsilon_decay is absent

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = WithOwnRunParams(
      {{.name = "initial_epsilon",
        .default_value = 0.1,
        .min = 0,
        .min_exclusive = true,
        .doc = "Smoothing of the gates at the start."},
       {.name = "epsilon_decay",
        .min = 0,
        .max = 1,
        .min_exclusive = true,
        .doc = "Factor of epsilon every decay_interval steps; absent: it ends at a "
               "thousandth."},
       {.name = "decay_interval",
        .type = ParamType::kInt,
        .default_value = int64_t{10},
        .min = 1,
        .max = 1e9,
        .doc = "Steps between two falls of epsilon."},
       {.name = "sign_aware",
        .type = ParamType::kBool,
        .default_value = false,
        .doc = "Add the term 10 epsilon^(1/2) atan(x) (LPFS++)."}});
  return table;
}

class Lpfs final : public OneShot {
 public:
  explicit Lpfs(const ParamValues& params)
      : rate_(kGateRate * GetDouble(params, "learning_rate")),
        first_epsilon_(GetDouble(params, "initial_epsilon")),
        decay_(params.count("epsilon_decay") != 0 ? GetDouble(params, "epsilon_decay") : 0.0),
        interval_(GetInt(params, "decay_interval")),
        sign_aware_(GetBool(params, "sign_aware")) {}

  std::string first_phase() const override { return "gates"; }
  bool needs_mask_gradient() const override { return true; }

  absl::Status Start() override {
    x_ = GateAdam(size(), 1.0f, SecondMoment::kShared);
    gradient_.resize(static_cast<size_t>(size()));
    SetMask(0);
    return absl::OkStatus();
  }

  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) override {
    const double epsilon = Epsilon(step);
    for (size_t c = 0; c < gradient_.size(); ++c) {
      gradient_[c] = static_cast<float>(mask_gradient[c] * Slope(x_.values()[c], epsilon));
    }
    x_.Update(gradient_, rate_ * rate);
    if (is_last(step)) return Choose(probe, outcome);
    SetMask(step + 1);
    return Score(probe, next_scores());
  }

 private:
  double Epsilon(int64_t step) const {
    if (decay_ > 0) {
      return first_epsilon_ * std::pow(decay_, static_cast<double>(step / interval_));
    }
    const auto falls = static_cast<double>(std::max<int64_t>(1, problem().total_steps / interval_));
    return first_epsilon_ *
           std::pow(kFinalShare, std::min(1.0, static_cast<double>(step / interval_) / falls));
  }
  double Gate(double x, double epsilon) const {
    const double base = x * x / (x * x + epsilon);
    return sign_aware_ ? base + kSignAwareScale * std::sqrt(epsilon) * std::atan(x) : base;
  }
  double Slope(double x, double epsilon) const {
    const double below = x * x + epsilon;
    const double base = 2 * x * epsilon / (below * below);
    return sign_aware_ ? base + kSignAwareScale * std::sqrt(epsilon) / (1 + x * x) : base;
  }

  void SetMask(int64_t step) {
    const double epsilon = Epsilon(step);
    for (size_t c = 0; c < gradient_.size(); ++c) {
      next_mask()[c] = static_cast<float>(std::max(0.0, Gate(x_.values()[c], epsilon)));
    }
    KeepMustKeep();
  }

  // By g at the first epsilon: late gates are all 0 or 1, and g is monotone in |x| for any epsilon.
  absl::Status Score(ModelProbe&, std::span<float> scores) override {
    for (size_t c = 0; c < scores.size(); ++c) {
      scores[c] = static_cast<float>(Gate(x_.values()[c], first_epsilon_));
    }
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    x_.Save(prefix, checkpoint);
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    return x_.Load(prefix, checkpoint);
  }

  const double rate_, first_epsilon_, decay_;
  const int64_t interval_;
  const bool sign_aware_;
  GateAdam x_;
  std::vector<float> gradient_;  // scratch
};

}  // namespace

Row LpfsRow() {
  return {.name = "lpfs",
          .version = 2,
          .summary = "Smoothed l0 gates that polarise as their smoothing shrinks.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = false,
          .params = Params(),
          .selection_steps = StepsOfOwnRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Lpfs>(params);
          }};
}

}  // namespace winnow::selectors
