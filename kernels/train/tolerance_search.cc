#include "kernels/train/tolerance_search.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace winnow::train {
namespace {

// least, ..., most in equal ratios, each once.
std::vector<int64_t> GeometricSizes(int64_t least, int64_t most) {
  std::vector<int64_t> sizes;
  const double ratio = static_cast<double>(most) / static_cast<double>(least);
  for (int64_t i = 0; i < kSizesPerRound; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(kSizesPerRound - 1);
    const auto size = std::llround(static_cast<double>(least) * std::pow(ratio, share));
    const int64_t next = std::clamp<int64_t>(size, sizes.empty() ? least : sizes.back() + 1, most);
    if (sizes.empty() || next > sizes.back()) sizes.push_back(next);
  }
  return sizes;
}

// Strictly between `low` and `high`, evenly.
std::vector<int64_t> SizesBetween(int64_t low, int64_t high) {
  const int64_t between = high - low - 1;
  const int64_t count = std::min(kSizesPerRound, between);
  std::vector<int64_t> sizes;
  for (int64_t i = 1; i <= count; ++i) sizes.push_back(low + i * (between + 1) / (count + 1));
  return sizes;
}

// "max_bytes 800 (792 used)" for every bound of the budget besides the tolerance.
std::string Limits(const plan::Plan& plan, std::span<const Pick> picks) {
  std::vector<std::string> limits;
  for (const Bound& bound : BoundsOf(plan.budget, plan.candidates.size())) {
    double used = 0;
    for (const Pick& pick : picks) used += bound.of(plan.candidates.items[pick.candidate].cost);
    limits.push_back(absl::StrFormat("%s %.12g (%.12g used)", bound.name, bound.limit, used));
  }
  return absl::StrJoin(limits, ", ");
}

}  // namespace

std::optional<int64_t> SmallestWithin(std::span<const SizeTried> tried, double most_loss) {
  std::optional<int64_t> smallest;
  for (const SizeTried& size : tried) {
    if (size.loss <= most_loss && size.k < smallest.value_or(size.k + 1)) smallest = size.k;
  }
  return smallest;
}

std::vector<int64_t> SizesOfRound(int32_t round, int64_t least, int64_t most,
                                  std::span<const SizeTried> tried, double most_loss) {
  if (round == 0) return GeometricSizes(least, most);
  std::vector<SizeTried> before;
  for (const SizeTried& size : tried) {
    if (size.round < round) before.push_back(size);
  }
  const std::optional<int64_t> passes = SmallestWithin(before, most_loss);
  if (!passes) return {};
  int64_t fails = least - 1;
  for (const SizeTried& size : before) {
    if (size.k < *passes) fails = std::max(fails, size.k);
  }
  return SizesBetween(fails, *passes);
}

int64_t SizeOf(const plan::Plan& plan, const JobState& state, int32_t round, int32_t slot) {
  const auto most = static_cast<int64_t>(state.picks.size());
  const auto kept = static_cast<int64_t>(plan.candidates.must_keep.size());
  const double most_loss = state.full_loss + plan.budget.quality_tolerance.value_or(0);
  const std::vector<int64_t> sizes =
      SizesOfRound(round, std::clamp<int64_t>(kept, 1, most), most, state.sizes, most_loss);
  return slot < static_cast<int64_t>(sizes.size()) ? sizes[static_cast<size_t>(slot)] : 0;
}

ToleranceOutcome OutcomeOf(const plan::Plan& plan, const JobState& state) {
  return {.tolerance = plan.budget.quality_tolerance.value_or(0),
          .full_loss = state.full_loss,
          .tried = state.sizes};
}

absl::Status ToleranceNotMet(const plan::Plan& plan, const ToleranceOutcome& outcome,
                             std::span<const Pick> picks) {
  const auto best =
      std::min_element(outcome.tried.begin(), outcome.tried.end(),
                       [](const SizeTried& a, const SizeTried& b) { return a.loss < b.loss; });
  const double allowed = outcome.full_loss + outcome.tolerance;
  const std::string limits = Limits(plan, picks);
  return absl::FailedPreconditionError(absl::StrFormat(
      "quality_tolerance %.6g cannot be met: of the %d sizes tried the best, %d of %d candidates, "
      "has "
      "validation loss %.6g, the full model %.6g; allowed are %.6g, so it is %.6g too much. %s",
      outcome.tolerance, outcome.tried.size(), best->k, plan.candidates.size(), best->loss,
      outcome.full_loss, allowed, best->loss - allowed,
      limits.empty() ? "All candidates were allowed: raise the tolerance or train longer"
                     : absl::StrCat("The largest subset was bound by ", limits,
                                    ": raise the bound or the tolerance")));
}

}  // namespace winnow::train
