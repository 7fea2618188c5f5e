#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_join.h"
#include "kernels/plan/resolver.h"
#include "kernels/selectors/registry.h"

namespace winnow::plan {
namespace {

using selectors::ParamValues;

// Selectors of the contract that no registry row stands behind yet.
constexpr const char* kNotBuilt[] = {
    "acdc",        "power_propagation",    "omp",       "sequential_lasso",
    "group_lasso", "liao_latty_yang",      "stg",       "lassonet",
    "shark",       "permutation",          "autofield", "lpfs",
    "univariate",  "backward_elimination", "wanda"};

const char* GateName(GateKind gate) {
  switch (gate) {
    case GateKind::kFeature:
      return "features";
    case GateKind::kChunk:
      return "embedding chunks";
    case GateKind::kBlock:
      return "weight blocks";
    case GateKind::kCross:
      return "feature crosses";
  }
  return "";
}

const selectors::Row* Find(Resolver& r, const std::string& name) {
  if (const selectors::Row* row = selectors::FindSelector(name)) return row;
  std::vector<std::string> known;
  for (const selectors::Row& row : selectors::Registry()) known.push_back(row.name);
  const bool later =
      std::find(std::begin(kNotBuilt), std::end(kNotBuilt), name) != std::end(kNotBuilt);
  r.Add("selector",
        absl::StrCat("'", name,
                     later ? "' is not built yet; use one of " : "' is not a selector; use one of ",
                     absl::StrJoin(known, ", ")));
  return nullptr;
}

// Defaults that depend on the task or the data.
void FillComputedDefaults(const Resolver& r, const selectors::Row& row, ParamValues& params) {
  const auto has = [&row](const std::string& name) {
    return std::any_of(row.params.begin(), row.params.end(),
                       [&name](const selectors::ParamSpec& spec) { return spec.name == name; });
  };
  const GateKind gate = r.plan.candidates.gate;
  if (has("score")) {
    params.try_emplace("score", std::string(gate == GateKind::kChunk ? "gate_magnitude" : "gate"));
  }
  if (has("cost_exponent"))
    params.try_emplace("cost_exponent", r.plan.budget.max_bytes ? 0.3 : 0.0);
  if (has("batch_size")) {
    const int64_t rows = std::max<int64_t>(1, r.plan.train_rows);
    const int64_t batch = std::min<int64_t>(512, std::max<int64_t>(64, rows / 16));
    params.try_emplace("batch_size", std::min(rows, batch));
  }
  if (has("logit_learning_rate") && params.count("learning_rate") != 0) {
    params.try_emplace("logit_learning_rate", params.at("learning_rate"));
  }
}

int64_t SelectionPicks(const Resolver& r, const ParamValues& params) {
  if (params.count("oversample") == 0) return r.plan.max_picks;
  const double wanted =
      selectors::GetDouble(params, "oversample") * static_cast<double>(r.plan.max_picks);
  return std::clamp(static_cast<int64_t>(std::ceil(wanted - 1e-9)), r.plan.max_picks,
                    std::max(r.plan.max_picks, r.plan.candidates.size()));
}

}  // namespace

void ResolveSelector(Resolver& r) {
  SelectorChoice& choice = r.plan.spec.selector;
  const GateKind gate = r.plan.candidates.gate;
  if (choice.name.empty()) {
    choice.name = gate == GateKind::kFeature ? "sequential_attention" : "gated_gradual";
  }
  const selectors::Row* row = Find(r, choice.name);
  if (row == nullptr || r.plan.candidates.items.empty()) return;
  r.Require(std::find(row->gates.begin(), row->gates.end(), gate) != row->gates.end(), "selector",
            absl::StrCat(row->name, " does not select ", GateName(gate)));
  const auto violations = selectors::CheckParams(row->params, choice.params);
  for (const auto& violation : violations) {
    r.Add(absl::StrCat("selector.", row->name, ".", violation.name), violation.message);
  }
  const std::string path = absl::StrCat("selector.", row->name);
  if (choice.params.count("steps") != 0 && choice.params.count("steps_per_pick") != 0) {
    r.Add(path, "give steps or steps_per_pick, not both");
  }
  if (!violations.empty()) return;
  const bool steps_given = choice.params.count("steps") != 0;
  choice.params = selectors::FillDefaults(row->params, choice.params);
  if (steps_given) choice.params.erase("steps_per_pick");
  FillComputedDefaults(r, *row, choice.params);
  if (row->trains_the_model) return;
  r.plan.selection_steps = row->selection_steps(choice.params, SelectionPicks(r, choice.params));
  r.plan.selection_batch = choice.params.count("batch_size") != 0
                               ? selectors::GetInt(choice.params, "batch_size")
                               : *r.plan.spec.training.batch_size;
}

}  // namespace winnow::plan
