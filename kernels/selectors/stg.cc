#include "kernels/selectors/stg.h"

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

constexpr float kStart = 0.5f;
// Of the search for lambda: where it starts, its bounds, and how fast it moves over the whole run.
constexpr double kFirstPenalty = 1e-3, kLeastPenalty = 1e-6, kMostPenalty = 10.0;
constexpr double kSpeed = 40.0;

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table =
      WithOwnRunParams({{.name = "sigma",
                         .default_value = 0.5,
                         .min = 0,
                         .min_exclusive = true,
                         .doc = "Standard deviation of the gates' noise."},
                        {.name = "penalty",
                         .min = 0,
                         .min_exclusive = true,
                         .doc = "Weight of the expected number of open gates; absent: moves until "
                                "as many are open as the budget holds."}});
  return table;
}

class Stg final : public OneShot {
 public:
  explicit Stg(const ParamValues& params)
      : rate_(kGateRate * GetDouble(params, "learning_rate")),
        sigma_(GetDouble(params, "sigma")),
        searches_(params.count("penalty") == 0),
        penalty_(searches_ ? kFirstPenalty : GetDouble(params, "penalty")) {}

  std::string first_phase() const override { return "gates"; }
  bool needs_mask_gradient() const override { return true; }

  absl::Status Start() override {
    mu_ = GateAdam(size(), kStart);
    gradient_.resize(static_cast<size_t>(size()));
    noise_.emplace(problem().seed, "select/stg");
    DrawMask(0);
    return absl::OkStatus();
  }

  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) override {
    double open = 0;
    for (size_t c = 0; c < gradient_.size(); ++c) {
      const double t = mu_.values()[c] / sigma_;
      open += 0.5 * std::erfc(-t / std::sqrt(2.0));
      const double density = std::exp(-0.5 * t * t) / std::sqrt(2 * M_PI);
      const double z = Noisy(step, c);
      gradient_[c] = static_cast<float>((z > 0 && z < 1 ? mask_gradient[c] : 0.0) +
                                        penalty_ * density / sigma_);
    }
    mu_.Update(gradient_, rate_ * rate);
    if (searches_) {
      const double excess =
          (open - static_cast<double>(problem().max_picks)) / static_cast<double>(size());
      const double eta = kSpeed / static_cast<double>(problem().total_steps);
      penalty_ = std::clamp(penalty_ * std::exp(eta * excess), kLeastPenalty, kMostPenalty);
    }
    if (is_last(step)) return Choose(probe, outcome);
    DrawMask(step + 1);
    return Score(probe, next_scores());
  }

 private:
  double Noisy(int64_t step, size_t c) const {
    const uint64_t draw = static_cast<uint64_t>(step) * gradient_.size() + c;
    return mu_.values()[c] + sigma_ * noise_->Normal(draw);
  }

  void DrawMask(int64_t step) {
    for (size_t c = 0; c < gradient_.size(); ++c) {
      next_mask()[c] = static_cast<float>(std::clamp(Noisy(step, c), 0.0, 1.0));
    }
    KeepMustKeep();
  }

  absl::Status Score(ModelProbe&, std::span<float> scores) override {
    std::copy(mu_.values().begin(), mu_.values().end(), scores.begin());
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    mu_.Save(prefix, checkpoint);
    checkpoint.PutValue(prefix + "/penalty", penalty_);
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(penalty_, checkpoint.GetValue<double>(prefix + "/penalty"));
    return mu_.Load(prefix, checkpoint);
  }

  const double rate_, sigma_;
  const bool searches_;
  double penalty_;  // lambda
  GateAdam mu_;
  std::vector<float> gradient_;  // scratch
  std::optional<RngStream> noise_;
};

}  // namespace

Row StgRow() {
  return {.name = "stg",
          .version = 1,
          .summary = "Stochastic gates: hard sigmoids of noisy parameters, as many open as wanted.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = false,
          .params = Params(),
          .selection_steps = StepsOfOwnRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Stg>(params);
          }};
}

}  // namespace winnow::selectors
