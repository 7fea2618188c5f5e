#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_join.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

// Sizes of `curve: true`, k among them (decided for all selectors: enough for a picture, a bounded
// cost).
constexpr int kCurvePoints = 8;

// Which targets a metric is defined for.
struct MetricRule {
  const char* name;
  bool binary, multiclass, regression;
};
constexpr MetricRule kMetrics[] = {{"auc", true, false, false},
                                   {"gauc", true, false, false},
                                   {"log_loss", true, true, false},
                                   {"normalized_entropy", true, true, false},
                                   {"calibration_error", true, true, false},
                                   {"accuracy", true, true, false},
                                   {"rmse", false, false, true},
                                   {"mae", false, false, true},
                                   {"r2", false, false, true}};

bool Fits(const MetricRule& rule, TargetKind kind) {
  switch (kind) {
    case TargetKind::kBinary:
      return rule.binary;
    case TargetKind::kMulticlass:
      return rule.multiclass;
    case TargetKind::kRegression:
      return rule.regression;
  }
  return false;
}

std::vector<std::string> DefaultMetrics(TargetKind kind) {
  switch (kind) {
    case TargetKind::kBinary:
      return {"auc", "log_loss", "accuracy"};
    case TargetKind::kMulticlass:
      return {"accuracy", "log_loss"};
    case TargetKind::kRegression:
      return {"r2", "rmse"};
  }
  return {};
}

void CheckMetrics(Resolver& r, const std::vector<std::string>& metrics) {
  const TargetKind kind = r.profile.target.kind;
  std::vector<std::string> usable;
  for (const MetricRule& rule : kMetrics) {
    if (Fits(rule, kind)) usable.push_back(rule.name);
  }
  for (size_t i = 0; i < metrics.size(); ++i) {
    const std::string path = absl::StrCat("evaluation.metrics[", i, "]");
    const auto rule = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                                   [&](const MetricRule& m) { return metrics[i] == m.name; });
    if (rule == std::end(kMetrics)) {
      r.Add(path, absl::StrCat("no metric '", metrics[i], "'", Suggest(metrics[i], usable)));
    } else if (!Fits(*rule, kind)) {
      r.Add(path, absl::StrCat("'", metrics[i], "' is not defined for this target; use ",
                               absl::StrJoin(usable, ", ")));
    } else if (metrics[i] == "gauc") {
      r.Require(r.profile.has_group, path, "'gauc' needs a group column in the dataset");
    }
  }
}

void CheckControls(Resolver& r, const std::vector<std::string>& controls) {
  std::vector<std::string> known = {"full", "random", "magnitude"};
  if (r.plan.candidates.gate == GateKind::kBlock) known.push_back("transplant");
  for (size_t i = 0; i < controls.size(); ++i) {
    const bool there = std::find(known.begin(), known.end(), controls[i]) != known.end();
    r.Require(there, absl::StrCat("evaluation.controls[", i, "]"),
              absl::StrCat("no control '", controls[i], "' for this task; use ",
                           absl::StrJoin(known, ", ")));
  }
}

void CheckCapacity(Resolver& r) {
  r.Require(r.plan.candidates.gate != GateKind::kBlock, "evaluation.capacity_matched",
            "is for tasks whose subset makes a smaller model; a pruned layer keeps its shape");
  r.Require(!r.plan.model.hidden_units.empty(), "evaluation.capacity_matched",
            "needs a hidden layer to widen, and the model has none");
}

// k and its halves: blocks come by the thousand, and a handful of them tells nothing.
std::vector<int64_t> Halvings(int64_t k) {
  std::vector<int64_t> sizes;
  for (int i = 0; i < kCurvePoints && k >> i > 0; ++i) sizes.push_back(k >> i);
  return sizes;
}

// Sizes on a geometric grid from 1 to k.
std::vector<int64_t> GeometricGrid(int64_t k) {
  std::set<int64_t> sizes;
  for (int i = 0; i < kCurvePoints; ++i) {
    const double exponent = static_cast<double>(i) / (kCurvePoints - 1);
    sizes.insert(std::llround(std::pow(static_cast<double>(k), exponent)));
  }
  return {sizes.begin(), sizes.end()};
}

void PlanCurve(Resolver& r, const EvaluationSpec& e) {
  const bool is_block = r.plan.candidates.gate == GateKind::kBlock;
  r.Require(!(*e.curve_all && is_block), "evaluation.curve_all",
            "would train a model per block; use curve or curve_points");
  r.Require(!(*e.curve_all && !e.curve_points.empty()), "evaluation.curve_points",
            "give curve: all or curve_points, not both");
  const int64_t k = r.plan.max_picks;
  for (size_t i = 0; i < e.curve_points.size(); ++i) {
    r.RequireRange(absl::StrCat("evaluation.curve_points[", i, "]"), e.curve_points[i],
                   e.curve_points[i] >= 1 && e.curve_points[i] <= k,
                   absl::StrCat("must be 1 to ", k, " (the number of picks)"));
  }
  if (k < 1) return;
  std::set<int64_t> sizes;
  if (!e.curve_points.empty()) {
    sizes.insert(e.curve_points.begin(), e.curve_points.end());
  } else if (*e.curve_all) {
    for (int64_t size = 1; size <= k; ++size) sizes.insert(size);
  } else if (*e.curve) {
    const auto grid = is_block ? Halvings(k) : GeometricGrid(k);
    sizes.insert(grid.begin(), grid.end());
  }
  r.plan.curve.assign(sizes.begin(), sizes.end());
}

}  // namespace

void ResolveEvaluation(Resolver& r) {
  EvaluationSpec& e = r.plan.spec.evaluation;
  if (e.metrics.empty()) e.metrics = DefaultMetrics(r.profile.target.kind);
  CheckMetrics(r, e.metrics);
  if (!e.controls) e.controls = std::vector<std::string>{"full", "random"};
  CheckControls(r, *e.controls);
  if (!e.random_draws) e.random_draws = 3;
  if (!e.curve) e.curve = false;
  if (!e.curve_all) e.curve_all = false;
  if (!e.capacity_matched) e.capacity_matched = false;
  if (!e.repeats) e.repeats = 1;
  if (!e.confidence_level) e.confidence_level = 0.95;
  if (!e.bootstrap_samples) e.bootstrap_samples = 200;
  r.RequireRange("evaluation.random_draws", *e.random_draws,
                 *e.random_draws >= 1 && *e.random_draws <= 100, "must be 1 to 100");
  if (*e.capacity_matched) CheckCapacity(r);
  r.RequireRange("evaluation.repeats", *e.repeats, *e.repeats >= 1 && *e.repeats <= 100,
                 "must be 1 to 100");
  r.RequireRange("evaluation.confidence_level", *e.confidence_level,
                 *e.confidence_level > 0 && *e.confidence_level < 1, "must be in (0, 1)");
  r.RequireRange("evaluation.bootstrap_samples", *e.bootstrap_samples,
                 *e.bootstrap_samples >= 0 && *e.bootstrap_samples <= 10000, "must be 0 to 10000");
  PlanCurve(r, e);
}

}  // namespace winnow::plan
