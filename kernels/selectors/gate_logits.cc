#include "kernels/selectors/gate_logits.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

// Adam: Kingma & Ba, ICLR 2015 (arXiv:1412.6980), algorithm 1.
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
// Standard deviation of freshly drawn logits: enough to break ties, far below what one step moves.
constexpr double kDrawStddev = 1e-5;

}  // namespace

void SoftmaxOver(std::span<const int32_t> members, std::span<const float> logits,
                 std::span<float> probabilities) {
  float top = logits[members.front()];
  for (int32_t i : members) top = std::max(top, logits[i]);
  double sum = 0.0;
  for (int32_t i : members) {
    const double e = std::exp(static_cast<double>(logits[i]) - top);
    probabilities[i] = static_cast<float>(e);
    sum += e;
  }
  for (int32_t i : members) {
    probabilities[i] = static_cast<float>(static_cast<double>(probabilities[i]) / sum);
  }
}

GateLogits::GateLogits(int64_t size) : logits_(size), first_(size), second_(size), steps_(size) {}

void GateLogits::Redraw(std::span<const int32_t> members, const RngStream& stream,
                        uint64_t index_base, double mean) {
  for (int32_t i : members) {
    logits_[i] = static_cast<float>(
        mean + kDrawStddev * stream.Normal(index_base + static_cast<uint64_t>(i)));
    first_[i] = second_[i] = 0.0f;
    steps_[i] = 0;
  }
}

void GateLogits::Shift(std::span<const int32_t> members, std::span<const float> offset) {
  for (int32_t i : members) logits_[i] += offset[i];
}

void GateLogits::Relative(std::span<const int32_t> members, std::span<float> out) const {
  if (members.empty()) return;
  float top = logits_[members.front()];
  for (int32_t i : members) top = std::max(top, logits_[i]);
  double sum = 0.0;
  for (int32_t i : members) sum += std::exp(static_cast<double>(logits_[i]) - top);
  const double mean = top + std::log(sum / static_cast<double>(members.size()));
  for (int32_t i : members) out[i] = static_cast<float>(logits_[i] - mean);
}

void GateLogits::Update(LogitOptimizer optimizer, std::span<const int32_t> members,
                        std::span<const float> gradient, double rate, double decay) {
  const double keep = 1.0 - rate * decay;
  for (int32_t i : members) {
    const double g = gradient[i];
    double step = g;
    if (optimizer == LogitOptimizer::kAdam) {
      const double m = kBeta1 * first_[i] + (1.0 - kBeta1) * g;
      const double v = kBeta2 * second_[i] + (1.0 - kBeta2) * g * g;
      const auto t = static_cast<double>(++steps_[i]);
      first_[i] = static_cast<float>(m);
      second_[i] = static_cast<float>(v);
      step =
          m / (1.0 - std::pow(kBeta1, t)) / (std::sqrt(v / (1.0 - std::pow(kBeta2, t))) + kEpsilon);
    }
    logits_[i] = static_cast<float>(keep * logits_[i] - rate * step);
  }
}

void GateLogits::ClearMoments() {
  std::fill(first_.begin(), first_.end(), 0.0f);
  std::fill(second_.begin(), second_.end(), 0.0f);
  std::fill(steps_.begin(), steps_.end(), 0);
}

double GateLogits::StandardDeviation(std::span<const int32_t> members) const {
  if (members.empty()) return 0.0;
  double sum = 0.0, squares = 0.0;
  for (int32_t i : members) sum += logits_[i];
  const double mean = sum / static_cast<double>(members.size());
  for (int32_t i : members) squares += (logits_[i] - mean) * (logits_[i] - mean);
  return std::sqrt(squares / static_cast<double>(members.size()));
}

void GateLogits::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutArray(prefix + "/logits", std::span<const float>(logits_));
  checkpoint.PutArray(prefix + "/first_moments", std::span<const float>(first_));
  checkpoint.PutArray(prefix + "/second_moments", std::span<const float>(second_));
  checkpoint.PutArray(prefix + "/steps", std::span<const int64_t>(steps_));
}

absl::Status GateLogits::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/logits", std::span<float>(logits_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/first_moments", std::span<float>(first_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/second_moments", std::span<float>(second_)));
  return checkpoint.GetArray(prefix + "/steps", std::span<int64_t>(steps_));
}

}  // namespace winnow::selectors
