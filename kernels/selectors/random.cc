#include "kernels/selectors/random.h"

#include <optional>

#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/selectors/chosen_set.h"

namespace winnow::selectors {
namespace {

class Random final : public Selector {
 public:
  absl::Status Begin(const Problem& problem) override {
    chosen_.emplace(*problem.candidates, problem.budget);
    RETURN_IF_ERROR(chosen_->AddMustKeep());
    const RngStream stream(problem.seed, "select/random");
    scores_.resize(static_cast<size_t>(problem.candidates->size()));
    for (size_t i = 0; i < scores_.size(); ++i) {
      scores_[i] = static_cast<float>(stream.Uniform(i));
    }
    chosen_->FillByScore(scores_, 0, problem.max_picks - chosen_->size());
    mask_.assign(scores_.size(), 0.0f);
    for (const Pick& pick : chosen_->picks()) mask_[pick.candidate] = 1.0f;
    return absl::OkStatus();
  }

  std::string first_phase() const override { return "draw"; }
  std::span<const float> mask() const override { return mask_; }
  bool needs_mask_gradient() const override { return false; }
  absl::Status Step(int64_t, double, std::span<const float>, ModelProbe&,
                    StepOutcome& outcome) override {
    outcome.mask_changed = false;
    outcome.done = true;
    return absl::OkStatus();
  }
  std::vector<Pick> picks() const override { return chosen_->picks(); }
  absl::Status Finish(ModelProbe&) override { return absl::OkStatus(); }
  std::span<const float> scores() const override { return scores_; }

  // Everything follows from the problem.
  void Save(const std::string&, Checkpoint&) const override {}
  absl::Status Load(const std::string&, const Checkpoint&) override { return absl::OkStatus(); }

 private:
  std::optional<ChosenSet> chosen_;
  std::vector<float> scores_, mask_;
};

}  // namespace

Row RandomRow() {
  return {.name = "random",
          .version = 1,
          .summary = "A random order, drawn from the seed; the control. Trains nothing.",
          .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
          .trains_the_model = false,
          .params = {},
          .selection_steps = [](const ParamValues&, int64_t) { return int64_t{0}; },
          .make = [](const ParamValues&) -> std::unique_ptr<Selector> {
            return std::make_unique<Random>();
          }};
}

}  // namespace winnow::selectors
