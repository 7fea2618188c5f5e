#include "kernels/selectors/permutation.h"

#include <memory>

#include "kernels/base/status.h"
#include "kernels/selectors/full_model_run.h"
#include "kernels/selectors/pruning_params.h"

namespace winnow::selectors {
namespace {

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table =
      WithFullModelParams(8192, {{.name = "shuffles",
                                  .type = ParamType::kInt,
                                  .default_value = int64_t{5},
                                  .min = 1,
                                  .max = 1000,
                                  .doc = "Shuffles of each candidate, averaged."}});
  return table;
}

class Permutation final : public FullModelRun {
 public:
  explicit Permutation(const ParamValues& params)
      : FullModelRun("permutation"),
        rows_(GetInt(params, "rows")),
        shuffles_(GetInt(params, "shuffles")) {}

  absl::Status Start() override {
    sums_.assign(static_cast<size_t>(size()), 0.0);
    return FullModelRun::Start();
  }

  bool evaluates() const override { return is_trained() && next_ < shuffles_ * size(); }
  absl::Status Evaluate(ModelProbe& probe, StepOutcome& outcome) override {
    outcome.mask_changed = false;
    RETURN_IF_ERROR(ShuffleOne(probe));
    return evaluates() ? absl::OkStatus() : Choose(probe, outcome);
  }

 private:
  absl::Status Trained(ModelProbe&, StepOutcome&) override { return absl::OkStatus(); }

  // All candidates once, then all again: a run that is stopped has looked at each equally often.
  absl::Status ShuffleOne(ModelProbe& probe) {
    if (next_ == 0) {
      ASSIGN_OR_RETURN(whole_, probe.PermutedLoss(-1, 0, rows_));
    }
    const auto c = static_cast<int32_t>(next_ % size());
    ASSIGN_OR_RETURN(const double loss, probe.PermutedLoss(c, next_ / size(), rows_));
    sums_[c] += loss - whole_;
    ++next_;
    const int64_t times = (next_ - 1) / size() + 1;
    next_scores()[c] = static_cast<float>(sums_[c] / static_cast<double>(times));
    return absl::OkStatus();
  }

  // A run that is stopped before every candidate was shuffled once does that first.
  absl::Status Score(ModelProbe& probe, std::span<float>) override {
    while (next_ < size()) RETURN_IF_ERROR(ShuffleOne(probe));
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    FullModelRun::SaveMore(prefix, checkpoint);
    checkpoint.PutValue(prefix + "/next", next_);
    checkpoint.PutValue(prefix + "/whole", whole_);
    checkpoint.PutArray(prefix + "/sums", std::span<const double>(sums_));
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    RETURN_IF_ERROR(FullModelRun::LoadMore(prefix, checkpoint));
    ASSIGN_OR_RETURN(next_, checkpoint.GetValue<int64_t>(prefix + "/next"));
    ASSIGN_OR_RETURN(whole_, checkpoint.GetValue<double>(prefix + "/whole"));
    return checkpoint.GetArray(prefix + "/sums", std::span<double>(sums_));
  }

  const int64_t rows_, shuffles_;
  int64_t next_ = 0;          // shuffles done
  double whole_ = 0;          // loss with nothing shuffled
  std::vector<double> sums_;  // of the rises of the loss
};

}  // namespace

Row PermutationRow() {
  return {.name = "permutation",
          .version = 2,
          .summary = "Loss of the trained model when a candidate's values are shuffled.",
          .gates = {GateKind::kFeature},
          .trains_the_model = true,
          .params = Params(),
          .selection_steps = StepsOfRun,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Permutation>(params);
          }};
}

}  // namespace winnow::selectors
