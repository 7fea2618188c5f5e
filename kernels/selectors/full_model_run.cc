#include "kernels/selectors/full_model_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kChecks = 40, kLeastStepsApart = 10;
constexpr double kAbove = 1.05;
constexpr int32_t kPatience = 2;

}  // namespace

absl::Status FullModelRun::Start() {
  if (problem().validation_rows > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(selector_, " measures on validation rows, and the split has none"));
}

absl::Status FullModelRun::Watch(ModelProbe& probe) {
  const std::vector<float> all(static_cast<size_t>(size()), 1.0f);
  ASSIGN_OR_RETURN(const double loss, probe.ValidationLoss(all));
  if (least_loss_ == 0 || loss < least_loss_) least_loss_ = loss;
  above_ = loss > kAbove * least_loss_ ? above_ + 1 : 0;
  is_trained_ = above_ >= kPatience;
  return absl::OkStatus();
}

absl::Status FullModelRun::Step(int64_t step, double, std::span<const float>, ModelProbe& probe,
                                StepOutcome& outcome) {
  outcome.mask_changed = false;
  const int64_t apart = std::max(kLeastStepsApart, problem().total_steps / kChecks);
  if ((step + 1) % apart == 0) RETURN_IF_ERROR(Watch(probe));
  is_trained_ = is_trained_ || is_last(step);
  return is_trained_ ? Trained(probe, outcome) : absl::OkStatus();
}

void FullModelRun::SaveMore(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutValue<uint8_t>(prefix + "/is_trained", is_trained_ ? 1 : 0);
  checkpoint.PutValue(prefix + "/least_loss", least_loss_);
  checkpoint.PutValue(prefix + "/above", above_);
}

absl::Status FullModelRun::LoadMore(const std::string& prefix, const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(const auto trained, checkpoint.GetValue<uint8_t>(prefix + "/is_trained"));
  is_trained_ = trained != 0;
  ASSIGN_OR_RETURN(least_loss_, checkpoint.GetValue<double>(prefix + "/least_loss"));
  ASSIGN_OR_RETURN(above_, checkpoint.GetValue<int32_t>(prefix + "/above"));
  return absl::OkStatus();
}

std::vector<ParamSpec> WithFullModelParams(int64_t rows, std::vector<ParamSpec> more) {
  std::vector<ParamSpec> all = {{.name = "rows",
                                 .type = ParamType::kInt,
                                 .default_value = rows,
                                 .min = 1,
                                 .max = 1 << 20,
                                 .doc = "Validation rows used, at most."}};
  all.insert(all.end(), more.begin(), more.end());
  all.push_back({.name = "steps",
                 .type = ParamType::kInt,
                 .min = 0,
                 .max = 1e9,
                 .doc = "Steps of the training before, at most; absent: those of training."});
  return all;
}

}  // namespace winnow::selectors
