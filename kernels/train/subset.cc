#include "kernels/train/subset.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>

#include "kernels/plan/model_shape.h"

namespace winnow::train {

std::map<int32_t, int32_t> KeptDimensions(const CandidateSet& candidates,
                                          std::span<const int32_t> selected) {
  std::map<int32_t, int32_t> kept;
  for (const Candidate& candidate : candidates.items) kept[candidate.columns[0]] = 0;
  for (const int32_t index : selected) {
    const Candidate& candidate = candidates.items[index];
    kept[candidate.columns[0]] += candidate.end - candidate.begin;
  }
  return kept;
}

plan::ModelShape SubsetShape(const plan::ModelShape& full, const CandidateSet& candidates,
                             std::span<const int32_t> selected) {
  if (candidates.gate == GateKind::kBlock || candidates.gate == GateKind::kCross) return full;
  plan::ModelShape shape = full;
  shape.fields.clear();
  if (candidates.gate == GateKind::kFeature) {
    std::set<int32_t> columns;
    for (const int32_t index : selected) {
      const std::vector<int32_t>& members = candidates.items[index].columns;
      columns.insert(members.begin(), members.end());
    }
    for (const plan::InputField& field : full.fields) {
      if (columns.count(field.column) != 0) shape.fields.push_back(field);
    }
  } else {
    const std::map<int32_t, int32_t> kept = KeptDimensions(candidates, selected);
    for (plan::InputField field : full.fields) {
      const auto width = kept.find(field.column);
      if (width != kept.end()) field.rows = width->second;
      if (field.rows > 0) shape.fields.push_back(field);
    }
  }
  plan::LayOut(shape);
  return shape;
}

namespace {

// Hidden layers in the proportion `units` to the first one's width.
plan::ModelShape WithFirstWidth(const plan::ModelShape& shape, int64_t units) {
  plan::ModelShape wider = shape;
  const double factor = static_cast<double>(units) / shape.hidden_units.front();
  for (int32_t& width : wider.hidden_units) {
    width = static_cast<int32_t>(std::llround(factor * width));
  }
  plan::LayOut(wider);
  return wider;
}

}  // namespace

plan::ModelShape WidenTo(const plan::ModelShape& shape, int64_t parameters) {
  if (shape.parameters >= parameters) return shape;
  // The number of parameters grows with the width: low has too few, high enough.
  int64_t low = shape.hidden_units.front(), high = 2 * low;
  while (WithFirstWidth(shape, high).parameters < parameters) high *= 2;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (WithFirstWidth(shape, middle).parameters < parameters ? low : high) = middle;
  }
  const plan::ModelShape under = WithFirstWidth(shape, low), over = WithFirstWidth(shape, high);
  return parameters - under.parameters < over.parameters - parameters ? under : over;
}

UniformWidth WidestUniform(const CandidateSet& candidates, const Budget& budget) {
  std::set<int32_t> widths;
  for (const Candidate& candidate : candidates.items) widths.insert(candidate.end);
  UniformWidth best;
  for (const int32_t width : widths) {
    UniformWidth trial;
    trial.width = width;
    trial.fits = true;
    BudgetLedger ledger(budget, candidates.size());
    for (int32_t i = 0; i < static_cast<int32_t>(candidates.size()); ++i) {
      const Candidate& candidate = candidates.items[i];
      if (candidate.end > width) continue;
      trial.fits = trial.fits && ledger.Fits(candidate.cost);
      ledger.Spend(candidate.cost);
      trial.selected.push_back(i);
    }
    trial.bytes = ledger.bytes();
    if (!trial.fits && best.width > 0) break;
    best = trial;
    if (!trial.fits) break;
  }
  return best;
}

std::vector<int32_t> RandomSubset(const CandidateSet& candidates, const Budget& budget,
                                  const RngStream& stream) {
  const auto n = static_cast<uint32_t>(candidates.size());
  const std::vector<uint32_t> order = stream.Permutation(n);
  BudgetLedger ledger(budget, n);
  std::vector<bool> in(n, false);
  const auto add = [&](int32_t index) {
    in[index] = true;
    ledger.Spend(candidates.items[index].cost);
  };
  for (const int32_t index : candidates.must_keep) add(index);
  for (bool added = true; added;) {
    added = false;
    for (const uint32_t index : order) {
      const Candidate& candidate = candidates.items[index];
      if (in[index] || !ledger.Fits(candidate.cost)) continue;
      if (candidate.prerequisite >= 0 && !in[candidate.prerequisite]) continue;
      add(static_cast<int32_t>(index));
      added = true;
    }
  }
  std::vector<int32_t> selected;
  for (uint32_t i = 0; i < n; ++i) {
    if (in[i]) selected.push_back(static_cast<int32_t>(i));
  }
  return selected;
}

std::vector<float> MaskOf(int64_t num_candidates, std::span<const int32_t> selected) {
  std::vector<float> mask(static_cast<size_t>(num_candidates), 0.0f);
  for (const int32_t index : selected) mask[index] = 1.0f;
  return mask;
}

}  // namespace winnow::train
