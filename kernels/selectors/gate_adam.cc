#include "kernels/selectors/gate_adam.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

}  // namespace

GateAdam::GateAdam(int64_t size, float value, SecondMoment second_moment)
    : kind_(second_moment),
      values_(static_cast<size_t>(size), value),
      first_(values_.size()),
      second_(values_.size()) {}

void GateAdam::Update(std::span<const float> gradient, double rate) {
  ++steps_;
  const double correct1 = 1.0 - std::pow(kBeta1, static_cast<double>(steps_));
  const double correct2 = 1.0 - std::pow(kBeta2, static_cast<double>(steps_));
  double mean_square = 0;
  for (const float g : gradient) mean_square += static_cast<double>(g) * g;
  mean_square /= static_cast<double>(std::max<size_t>(1, gradient.size()));
  for (size_t i = 0; i < values_.size(); ++i) {
    const double g = gradient[i];
    const double square = kind_ == SecondMoment::kShared ? mean_square : g * g;
    const double m = kBeta1 * first_[i] + (1.0 - kBeta1) * g;
    const double v = kBeta2 * second_[i] + (1.0 - kBeta2) * square;
    first_[i] = static_cast<float>(m);
    second_[i] = static_cast<float>(v);
    values_[i] -= static_cast<float>(rate * (m / correct1) / (std::sqrt(v / correct2) + kEpsilon));
  }
}

void GateAdam::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutArray(prefix + "/gates", std::span<const float>(values_));
  checkpoint.PutArray(prefix + "/first_moments", std::span<const float>(first_));
  checkpoint.PutArray(prefix + "/second_moments", std::span<const float>(second_));
  checkpoint.PutValue(prefix + "/gate_steps", steps_);
}

absl::Status GateAdam::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/gates", std::span<float>(values_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/first_moments", std::span<float>(first_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/second_moments", std::span<float>(second_)));
  ASSIGN_OR_RETURN(steps_, checkpoint.GetValue<int64_t>(prefix + "/gate_steps"));
  return absl::OkStatus();
}

}  // namespace winnow::selectors
