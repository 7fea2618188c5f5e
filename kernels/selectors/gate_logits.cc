#include "kernels/selectors/gate_logits.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/base/multiversion.h"
#include "kernels/base/status.h"
#include "kernels/selectors/member_block.h"

namespace winnow::selectors {
namespace {

// Adam: Kingma & Ba, ICLR 2015 (arXiv:1412.6980), algorithm 1.
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
// Standard deviation of freshly drawn logits: enough to break ties, far below what one step moves.
constexpr double kDrawStddev = 1e-5;

// 1 / (1 - b^t) of both moments. Neighbours have, as a rule, the same t.
class BiasCorrection {
 public:
  void SetStep(int64_t t) {
    if (t == t_) return;
    t_ = t;
    first_ = 1.0 / (1.0 - std::pow(kBeta1, static_cast<double>(t)));
    second_ = 1.0 / (1.0 - std::pow(kBeta2, static_cast<double>(t)));
  }
  double first() const { return first_; }
  double second() const { return second_; }

 private:
  int64_t t_ = 0;
  double first_ = 1.0, second_ = 1.0;
};

// A block of members.
struct AdamBlock {
  float logits[kBlock] = {}, g[kBlock] = {}, first[kBlock] = {}, second[kBlock] = {};
  double correct1[kBlock] = {}, correct2[kBlock] = {};
};

// One step of every element, also of those that are not in use.
WINNOW_MULTIVERSION
void RunAdam(double rate, double keep, AdamBlock& b) {
  for (size_t k = 0; k < kBlock; ++k) {
    const double g = b.g[k];
    const double m = kBeta1 * b.first[k] + (1.0 - kBeta1) * g;
    const double v = kBeta2 * b.second[k] + (1.0 - kBeta2) * g * g;
    b.first[k] = static_cast<float>(m);
    b.second[k] = static_cast<float>(v);
    const double step = m * b.correct1[k] / (std::sqrt(v * b.correct2[k]) + kEpsilon);
    b.logits[k] = static_cast<float>(keep * b.logits[k] - rate * step);
  }
}

}  // namespace

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
  if (optimizer == LogitOptimizer::kAdam) return UpdateAdam(members, gradient, rate, keep);
  for (int32_t i : members) {
    logits_[i] = static_cast<float>(keep * logits_[i] - rate * static_cast<double>(gradient[i]));
  }
}

void GateLogits::UpdateAdam(std::span<const int32_t> members, std::span<const float> gradient,
                            double rate, double keep) {
  AdamBlock adam;
  BiasCorrection correction;
  ForBlocks(members, [&](const MemberBlock& block) {
    for (size_t k = 0; k < block.size(); ++k) {
      correction.SetStep(++steps_[block[k]]);
      adam.correct1[k] = correction.first();
      adam.correct2[k] = correction.second();
    }
    block.Gather(gradient, adam.g);
    block.Gather(logits_, adam.logits);
    block.Gather(first_, adam.first);
    block.Gather(second_, adam.second);
    RunAdam(rate, keep, adam);
    block.Scatter(adam.logits, logits_);
    block.Scatter(adam.first, first_);
    block.Scatter(adam.second, second_);
  });
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
