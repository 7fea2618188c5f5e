#include <algorithm>
#include <variant>

#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

// Levenshtein distance, for suggestions.
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Suggest(const std::string& name, const std::vector<std::string>& known) {
  if (known.empty()) return "";
  const auto nearest = std::min_element(
      known.begin(), known.end(),
      [&](const auto& a, const auto& b) { return Distance(name, a) < Distance(name, b); });
  if (Distance(name, *nearest) <= std::max<size_t>(1, name.size() / 3)) {
    return absl::StrCat("; did you mean '", *nearest, "'?");
  }
  std::string text = "; known: ";
  constexpr size_t kShown = 8;
  for (size_t i = 0; i < std::min(known.size(), kShown); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", known[i]);
  }
  if (known.size() > kShown) absl::StrAppend(&text, ", and ", known.size() - kShown, " more");
  return text;
}

void ResolveTask(Resolver& r) {
  Task& task = r.plan.spec.task;
  if (auto* features = std::get_if<FeatureSelection>(&task)) {
    r.plan.task = "feature_selection";
    r.plan.budget = features->budget;
    ResolveFeatures(r, *features);
  } else if (auto* chunks = std::get_if<EmbeddingDimension>(&task)) {
    r.plan.task = "embedding_dimension";
    r.plan.budget = chunks->budget;
    ResolveChunks(r, *chunks);
  } else if (auto* blocks = std::get_if<BlockPruning>(&task)) {
    r.plan.task = "block_pruning";
    r.plan.budget = blocks->budget;
    ResolveBlocks(r, *blocks);
  } else if (std::holds_alternative<FeatureCross>(task)) {
    r.Add("feature_cross", "is not built yet");
  } else if (std::holds_alternative<LayerPruning>(task)) {
    r.Add("layer_pruning", "is not built yet");
  } else {
    r.Add("task", "no task; give one of feature_selection, embedding_dimension, block_pruning");
  }
  if (r.plan.candidates.items.empty()) return;
  std::vector<Cost> costs;
  for (const Candidate& candidate : r.plan.candidates.items) costs.push_back(candidate.cost);
  r.plan.max_picks = MaxAffordableCount(r.plan.budget, costs);
  CheckCandidatesFit(r);
}

}  // namespace winnow::plan
