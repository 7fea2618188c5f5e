#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "kernels/plan/resolver.h"
#include "kernels/selectors/registry.h"
#include "kernels/selectors/sequential_attention.h"

namespace winnow::plan {
namespace {

using selectors::ParamValue;
using selectors::ParamValues;

// Selectors of the contract that no registry row stands behind yet.
constexpr const char* kNotBuilt[] = {"acdc", "power_propagation", "backward_elimination", "wanda"};

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

// Blocks: the best mean of all pruners in six of six measured settings of short runs. Embedding
// widths, UCI Adult, four seeds, test AUC at 214, 428 and 856 bytes: gated_gradual .9101, .9106,
// .9107, sequential_attention .9092, .9098, .9111; all of 3,424 bytes .911.
// Under a quality_tolerance alone there is no budget to prune down to.
const char* DefaultSelector(GateKind gate, const Budget& budget) {
  const bool bounded = budget.max_count || budget.density || LimitsCosts(budget);
  const bool prunes = gate != GateKind::kFeature && (bounded || !budget.quality_tolerance);
  return prunes ? "gated_gradual" : "sequential_attention";
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

constexpr char kTune[] = "tune_weight_decay";

bool Tunes(const ParamValues& params) {
  const auto tune = params.find(kTune);
  return tune != params.end() && std::get<bool>(tune->second);
}

// Rows per step of a selection run of its own: small enough for many steps on small tables, all
// rows where there are hardly any (measured: 128 to 1024 make no difference on 50,000 rows).
int64_t SelectionBatch(int64_t rows) {
  if (rows < 128) return std::max<int64_t>(1, rows);
  return std::min<int64_t>(512, std::max<int64_t>(64, rows / 16));
}

int64_t SelectionPicks(const Resolver& r, const ParamValues& params) {
  if (params.count("oversample") == 0) return r.plan.max_picks;
  const double wanted =
      selectors::GetDouble(params, "oversample") * static_cast<double>(r.plan.max_picks);
  return std::clamp(static_cast<int64_t>(std::ceil(wanted - 1e-9)), r.plan.max_picks,
                    std::max(r.plan.max_picks, r.plan.candidates.size()));
}

// Whether given settings leave room for `picks` picks: steps, one round each; candidates that take
// part.
bool LeaveRoom(const ParamValues& params, double picks) {
  const auto given = [&params](const char* name) {
    return params.count(name) != 0 ? static_cast<double>(selectors::GetInt(params, name)) : 0.0;
  };
  const double steps = (1.0 - selectors::GetDouble(params, "warmup")) * given("steps");
  const double filtered = given("prefilter");
  return (params.count("steps") == 0 || steps >= picks) && (filtered == 0 || filtered >= picks);
}

// Picking more than wanted and pruning back sees what picking forward cannot: two picks that say
// the same. Means over 3 to 10 splits, validation / test, 1 -> 1.5: Fashion-MNIST k = 50 .853 /
// .849 -> .859 / .852; spambase 10 .910 / .909 -> .921 / .915; dna_splice 10 .930 / .919 -> .950 /
// .938; mice 5 .773 / .794 -> .794 / .804. It needs candidates to spare and rows to judge removals
// by: COIL-20 50 of 400 on 1,008 rows .9965 / .9969 -> .9944 / .9944, mice 50 of 77 .9972 / .9977
// -> .9963 / .9954, madelon 20 of 500 on 1,820 rows .733 / .723 -> .712 / .689. With a
// decay that is chosen on validation rows few rows do not matter (madelon .839 -> .846 test).
// Budgets of bytes and multiply-adds, which bound no count, were not measured.
double UsualOversample(const Resolver& r, const ParamValues& params) {
  constexpr int64_t kRowsPerCandidate = 5;
  constexpr double kOversample = 1.5;
  const int64_t candidates = r.plan.candidates.size();
  const auto picks = std::ceil(kOversample * static_cast<double>(r.plan.max_picks));
  const bool spare = picks <= static_cast<double>(candidates / 2);
  const bool counted = !LimitsCosts(r.plan.budget);
  const bool enough = Tunes(params) || r.plan.train_rows >= kRowsPerCandidate * candidates;
  return r.plan.candidates.gate == GateKind::kFeature && counted && spare && enough &&
                 LeaveRoom(params, picks)
             ? kOversample
             : 1.0;
}

// Whether three selections and retrains instead of one pay where nobody has asked. Few rows a
// candidate want another decay than 1, and validation rows must tell the values apart: of 200 the
// standard error of an accuracy is .035 at most. Test accuracy with one value and with the best of
// three: madelon 20 of 500 on 1,820 rows, 260 to validate on, .7146, .8504; COIL-20 50 of 400, 144
// to validate on, .9969, .9958; mice 10 of 77, 108 to validate on, .9579, .9606.
bool TuningPays(const Resolver& r, const ParamValues& params) {
  constexpr int64_t kRowsPerCandidate = 10, kLeastValidationRows = 200;
  const Plan& plan = r.plan;
  const int64_t candidates = plan.candidates.size();
  const bool few =
      candidates <= plan.train_rows && plan.train_rows < kRowsPerCandidate * candidates;
  return plan.candidates.gate == GateKind::kFeature && params.count("weight_decay") == 0 && few &&
         plan.validation_rows >= kLeastValidationRows && plan.max_picks < candidates &&
         plan.training_steps > 0;
}

// Defaults that depend on the task, the data or other settings.
void FillComputedDefaults(const Resolver& r, const selectors::Row& row, ParamValues& params) {
  const TrainingSpec& training = r.plan.spec.training;
  const GateKind gate = r.plan.candidates.gate;
  const bool trains = row.trains_the_model;
  const auto fill = [&](const char* name, const ParamValue& value) {
    const bool known =
        std::any_of(row.params.begin(), row.params.end(),
                    [name](const selectors::ParamSpec& spec) { return spec.name == name; });
    if (known) params.try_emplace(name, value);
  };
  fill("score", std::string(gate == GateKind::kChunk ? "gate_magnitude" : "gate"));
  // Measured on Adult's embedding widths by validation log-loss, 4 seeds: 428 bytes .3103, .3091,
  // .3062, .3072, .3082 for 0, .3, .5, .7, 1; 856 bytes .3092, .3092, .3080, .3071, .3085.
  fill("cost_exponent", r.plan.budget.max_bytes || r.plan.budget.max_cost ? 0.5 : 0.0);
  fill("batch_size", trains ? int64_t{*training.batch_size} : SelectionBatch(r.plan.train_rows));
  if (trains) {
    fill("steps", r.plan.training_steps);
    fill("learning_rate", *training.learning_rate);
    fill("weight_decay", gate == GateKind::kBlock ? *training.weight_decay : 0.05);
  } else if (params.count("learning_rate") != 0) {
    fill("logit_learning_rate", params.at("learning_rate"));
  }
  if (row.name == "sequential_attention") {
    // More columns than rows: the F statistic alone beats a selection learnt on all of them, and
    // the network must forget quickly. Mean accuracy on colon, allaml, prostate_ge (splits 21 to 40
    // of tests/paper, k = 10) and arcene (21 to 30, k = 20), validation / test: filter to 2 k,
    // decay 10 .858 / .830; to 3 k, decay 100 .858 / .846; to 5 k, decay 100, oversample 1.5 .866
    // / .834; the filter alone .865 / .830. The second is as good as the third and cheaper.
    const bool wide = gate == GateKind::kFeature && r.plan.candidates.size() > r.plan.train_rows;
    const int64_t picks = r.plan.max_picks;
    fill(kTune, TuningPays(r, params));
    fill("oversample", UsualOversample(r, params));
    if (!Tunes(params)) fill("weight_decay", wide ? 100.0 : 1.0);
    fill("picks_per_round", wide ? std::max<int64_t>(1, picks / 10) : int64_t{1});
    fill("prefilter", wide ? std::max<int64_t>(30, 3 * SelectionPicks(r, params)) : int64_t{0});
  }
}

// Each parameter on its own. True when all are as the table wants them.
bool CheckEach(Resolver& r, const selectors::Row& row, const std::string& path) {
  const size_t before = r.violations.size();
  for (const auto& violation : selectors::CheckParams(row.params, r.plan.spec.selector.params)) {
    r.Add(absl::StrCat(path, ".", violation.name), violation.message);
  }
  return r.violations.size() == before;
}

// Whether several weight decays can be tried and told apart.
void ResolveTuning(Resolver& r, const std::string& path) {
  const ParamValues& params = r.plan.spec.selector.params;
  if (!Tunes(params)) return;
  const std::string field = absl::StrCat(path, ".", kTune);
  r.Require(params.count("weight_decay") == 0, field, "excludes weight_decay; give one of them");
  r.Require(r.plan.candidates.gate != GateKind::kBlock, field, "is not for blocks");
  r.Require(r.plan.validation_rows > 0, field,
            "needs validation rows to compare on, and the split has none");
  r.Require(r.plan.training_steps > 0, field, "needs training steps to compare after, got 0");
  r.Require(r.plan.max_picks < r.plan.candidates.size(), field,
            absl::StrCat("has nothing to compare: the budget holds all ", r.plan.candidates.size(),
                         " candidates"));
  r.plan.tuned_weight_decays.assign(std::begin(selectors::kTunedWeightDecays),
                                    std::end(selectors::kTunedWeightDecays));
}

// What the selector itself refuses: fewer steps than rounds, no step to prune in.
void CheckRun(Resolver& r, const selectors::Row& row, const std::string& path) {
  if (!r.violations.empty()) return;
  selectors::Problem problem;
  problem.candidates = &r.plan.candidates;
  problem.budget = r.plan.budget;
  problem.total_steps = r.plan.selection_steps;
  problem.max_picks = SelectionPicks(r, r.plan.spec.selector.params);
  problem.seed = *r.plan.spec.training.seed;
  problem.validation_rows = r.plan.validation_rows;
  const absl::Status status = row.make(r.plan.spec.selector.params)->Begin(problem);
  if (!status.ok()) r.Add(path, std::string(status.message()));
}

}  // namespace

void ResolveSelector(Resolver& r) {
  SelectorChoice& choice = r.plan.spec.selector;
  const GateKind gate = r.plan.candidates.gate;
  if (choice.name.empty()) choice.name = DefaultSelector(gate, r.plan.budget);
  const selectors::Row* row = Find(r, choice.name);
  if (row == nullptr) return;
  const std::string path = absl::StrCat("selector.", row->name);
  const bool each = CheckEach(r, *row, path);
  const bool steps_given = choice.params.count("steps") != 0;
  if (steps_given && choice.params.count("steps_per_pick") != 0) {
    r.Add(path, "give steps or steps_per_pick, not both");
  }
  if (!each || r.plan.candidates.items.empty()) return;
  r.Require(std::find(row->gates.begin(), row->gates.end(), gate) != row->gates.end(), path,
            absl::StrCat("does not select ", GateName(gate)));
  choice.params = selectors::FillDefaults(row->params, choice.params);
  const auto held_out = choice.params.find("validation_logits");
  r.Require(r.plan.model.kind != ModelKind::kDlrm ||
                !(row->reads_inputs ||
                  (held_out != choice.params.end() && std::get<bool>(held_out->second))),
            path,
            "needs a model whose first layer reads every input; use model.kind linear or mlp");
  if (steps_given) choice.params.erase("steps_per_pick");
  FillComputedDefaults(r, *row, choice.params);
  ResolveTuning(r, path);
  if (row->check != nullptr) {
    for (const auto& violation : row->check(choice.params)) {
      r.Add(absl::StrCat(path, ".", violation.name), violation.message);
    }
  }
  r.plan.selection_steps = row->selection_steps(choice.params, SelectionPicks(r, choice.params));
  r.plan.selection_batch = choice.params.count("batch_size") != 0
                               ? selectors::GetInt(choice.params, "batch_size")
                               : *r.plan.spec.training.batch_size;
  CheckRun(r, *row, path);
}

}  // namespace winnow::plan
