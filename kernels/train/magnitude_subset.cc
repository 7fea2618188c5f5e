#include "kernels/train/magnitude_subset.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>

#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/train/model_probe.h"

namespace winnow::train {

absl::StatusOr<std::vector<int32_t>> MagnitudeSubset(const JobContext& context,
                                                     const nn::Network& full) {
  const CandidateSet& candidates = context.plan->candidates;
  ASSIGN_OR_RETURN(const gates::WeightFold fold, nn::MakeFold(full.shape(), candidates));
  ASSIGN_OR_RETURN(const std::unique_ptr<NetworkProbe> probe,
                   NetworkProbe::Create(context, full, fold));
  std::vector<float> size(static_cast<size_t>(candidates.size()));
  if (candidates.gate == GateKind::kBlock) {
    probe->WeightNorms(size);
  } else {
    RETURN_IF_ERROR(probe->Contributions(size));
  }
  // A chunk is no larger than the one it follows: prefixes by the running minimum. Prerequisites
  // stand before what needs them.
  for (size_t i = 0; i < size.size(); ++i) {
    const int32_t before = candidates.items[i].prerequisite;
    if (before >= 0) size[i] = std::min(size[i], size[before]);
  }
  std::vector<int32_t> order(size.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return size[a] > size[b]; });

  BudgetLedger ledger(context.plan->budget, candidates.size());
  std::vector<bool> in(size.size(), false);
  std::vector<int32_t> selected;
  const auto add = [&](int32_t index) {
    in[index] = true;
    selected.push_back(index);
    ledger.Spend(candidates.items[index].cost);
  };
  for (const int32_t index : candidates.must_keep) add(index);
  for (const int32_t index : order) {
    const Candidate& candidate = candidates.items[index];
    if (in[index] || !ledger.Fits(candidate.cost)) continue;
    if (candidate.prerequisite >= 0 && !in[candidate.prerequisite]) continue;
    add(index);
  }
  return selected;
}

}  // namespace winnow::train
