#include "kernels/selectors/univariate.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "kernels/base/status.h"
#include "kernels/selectors/one_shot.h"
#include "kernels/selectors/univariate_statistics.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kMaxRows = int64_t{1} << 18;
constexpr int32_t kCandidatesAtOnce = 16;

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = {
      {.name = "statistic",
       .type = ParamType::kString,
       .default_value = std::string("f"),
       .choices = {"f", "mutual_information"},
       .doc =
           "F statistic, or mutual information over binned values in nats, which under bounds of "
           "bytes, multiply-adds or cost is picked by what it tells for its cost."},
      {.name = "bins",
       .type = ParamType::kInt,
       .default_value = int64_t{16},
       .min = 2,
       .max = 1024,
       .doc = "Equal-count bins of a numeric column; mutual information only."}};
  return table;
}

// 0 bins: F.
absl::StatusOr<double> Statistic(int32_t candidate, const TargetSample& target, int64_t bins,
                                 ModelProbe& probe) {
  std::vector<InputColumn> columns;
  RETURN_IF_ERROR(probe.Inputs(candidate, kMaxRows, columns));
  std::optional<double> best;
  for (const InputColumn& column : columns) {
    const double value =
        bins > 0 ? MutualInformation(column, target, bins) : FStatistic(column, target);
    best = std::max(best.value_or(value), value);
  }
  return best.value_or(0.0);
}

class Univariate final : public OneShot {
 public:
  explicit Univariate(const ParamValues& params)
      : bins_(GetString(params, "statistic") == "f" ? 0 : GetInt(params, "bins")) {}

  std::string first_phase() const override { return "statistics"; }
  bool needs_mask_gradient() const override { return false; }
  absl::Status Step(int64_t, double, std::span<const float>, ModelProbe&, StepOutcome&) override {
    return absl::InternalError("univariate trains nothing");
  }

  bool evaluates() const override { return next_ < size(); }
  absl::Status Evaluate(ModelProbe& probe, StepOutcome& outcome) override {
    outcome.mask_changed = false;
    RETURN_IF_ERROR(ScoreSome(probe, kCandidatesAtOnce));
    return evaluates() ? absl::OkStatus() : Choose(probe, outcome);
  }

 private:
  // Nats are what the log-loss of a column's own best prediction falls by. F has no such unit: it
  // divides by degrees of freedom, which columns differ in.
  bool scores_are_gains() const override { return bins_ > 0; }

  absl::Status ScoreSome(ModelProbe& probe, int64_t most) {
    if (!target_) {
      ASSIGN_OR_RETURN(target_, TargetForF(probe));
    }
    for (; most > 0 && next_ < size(); --most, ++next_) {
      ASSIGN_OR_RETURN(const double value, Statistic(next_, *target_, bins_, probe));
      next_scores()[next_] = static_cast<float>(value);
    }
    return absl::OkStatus();
  }

  absl::Status Score(ModelProbe& probe, std::span<float>) override {
    return ScoreSome(probe, size());
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    checkpoint.PutValue(prefix + "/next", next_);
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(next_, checkpoint.GetValue<int32_t>(prefix + "/next"));
    return absl::OkStatus();
  }

  const int64_t bins_;
  int32_t next_ = 0;                    // candidate
  std::optional<TargetSample> target_;  // read again after a resume
};

}  // namespace

absl::StatusOr<double> CandidateF(int32_t candidate, const TargetSample& target,
                                  ModelProbe& probe) {
  return Statistic(candidate, target, 0, probe);
}

absl::StatusOr<TargetSample> TargetForF(ModelProbe& probe) {
  TargetSample target;
  RETURN_IF_ERROR(probe.Targets(kMaxRows, target));
  return target;
}

Row UnivariateRow() {
  return {.name = "univariate",
          .version = 2,
          .summary = "Every column on its own against the target: F or mutual information.",
          .gates = {GateKind::kFeature},
          .trains_the_model = false,
          .params = Params(),
          .selection_steps = [](const ParamValues&, int64_t) { return int64_t{0}; },
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Univariate>(params);
          }};
}

}  // namespace winnow::selectors
