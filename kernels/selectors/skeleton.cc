#include "kernels/selectors/skeleton.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/selectors/chosen_set.h"

namespace winnow::selectors {
namespace {

// Every parameter with its type, range, default and a sentence. Names are the fields of the
// contract's message. No default: the Plan computes one.
std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = {
      {.name = "steps",
       .type = ParamType::kInt,
       .default_value = int64_t{200},
       .min = 1,
       .doc = "Steps of the selection run."},
  };
  return table;
}

class Skeleton final : public Selector {
 public:
  absl::Status Begin(const Problem& problem) override {
    problem_ = problem;
    if (problem.total_steps < 1) {
      return absl::FailedPreconditionError(
          absl::StrCat("skeleton needs at least 1 step, got ", problem.total_steps));
    }
    chosen_.emplace(*problem.candidates, problem.budget);
    RETURN_IF_ERROR(chosen_->AddMustKeep());
    const auto n = static_cast<size_t>(problem.candidates->size());
    mask_.assign(n, 1.0f);
    scores_.assign(n, 0.0f);
    return absl::OkStatus();
  }

  std::string first_phase() const override { return "watch"; }
  std::span<const float> mask() const override { return mask_; }
  bool needs_mask_gradient() const override { return true; }

  absl::Status Step(int64_t step, double, std::span<const float> mask_gradient, ModelProbe&,
                    StepOutcome& outcome) override {
    const auto seen = static_cast<double>(step);
    for (size_t c = 0; c < scores_.size(); ++c) {
      const double mean = (scores_[c] * seen + std::abs(mask_gradient[c])) / (seen + 1.0);
      scores_[c] = static_cast<float>(mean);
    }
    outcome.mask_changed = false;
    if (step + 1 < problem_.total_steps) return absl::OkStatus();
    outcome.picks = Choose();
    outcome.mask_changed = true;
    outcome.done = true;
    return absl::OkStatus();
  }

  std::vector<Pick> picks() const override { return chosen_->picks(); }

  absl::Status Finish(ModelProbe&) override {
    Choose();
    return absl::OkStatus();
  }

  std::span<const float> scores() const override { return scores_; }

  // The whole state that Begin does not make: a resumed run must go on bit for bit.
  void Save(const std::string& prefix, Checkpoint& checkpoint) const override {
    checkpoint.PutArray(prefix + "/scores", std::span<const float>(scores_));
    checkpoint.PutArray(prefix + "/mask", std::span<const float>(mask_));
    chosen_->Save(prefix, checkpoint);
  }
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) override {
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/scores", std::span<float>(scores_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/mask", std::span<float>(mask_)));
    return chosen_->Load(prefix, checkpoint);
  }

 private:
  std::vector<Pick> Choose() {
    const auto added = chosen_->FillByScore(scores_, 0, problem_.max_picks - chosen_->size());
    mask_.assign(mask_.size(), 0.0f);
    for (const Pick& pick : chosen_->picks()) mask_[pick.candidate] = 1.0f;
    return added;
  }

  Problem problem_;
  std::optional<ChosenSet> chosen_;
  std::vector<float> mask_, scores_;
};

}  // namespace

Row SkeletonRow() {
  return {
      .name = "skeleton",
      .version = 1,
      .summary = "Keeps the candidates whose mask gradient was largest over the run.",
      .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
      .trains_the_model = false,
      .params = Params(),
      .selection_steps = [](const ParamValues& params, int64_t) { return GetInt(params, "steps"); },
      .make = [](const ParamValues&) -> std::unique_ptr<Selector> {
        return std::make_unique<Skeleton>();
      }};
}

}  // namespace winnow::selectors
