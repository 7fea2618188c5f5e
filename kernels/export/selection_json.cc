#include "kernels/export/selection_json.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace winnow::exporting {
namespace {

using Json = nlohmann::ordered_json;

Json Number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json SelectedJson(const Selection& selection) {
  Json selected = Json::array();
  for (size_t rank = 0; rank < selection.picks.size(); ++rank) {
    const Pick& pick = selection.picks[rank];
    selected.push_back({{"rank", rank + 1},
                        {"name", selection.names[pick.candidate]},
                        {"phase", pick.phase},
                        {"score", pick.score},
                        {"gain", Number(pick.gain)},
                        {"cost", selection.costs[pick.candidate].price}});
  }
  return selected;
}

// What a control is (number of draws, ...) stands beside its metrics.
Json ControlsJson(const Selection& selection) {
  Json controls = Json::object();
  for (const auto& [name, metrics] : selection.controls) {
    Json control = Json::object();
    if (selection.control_details.is_object() && selection.control_details.contains(name)) {
      control.update(Json(selection.control_details[name]));
    }
    control.update(SplitMetricsJson(metrics));
    controls[name] = control;
  }
  return controls;
}

Json CurveJson(const Selection& selection) {
  Json curve = Json::array();
  for (const CurvePoint& point : selection.curve) {
    Json entry = {{"k", point.k}};
    entry.update(SplitMetricsJson(point.metrics));
    curve.push_back(entry);
  }
  return curve;
}

Json AukcJson(const Selection& selection) {
  Json aukc = Json::object();
  for (const auto& [part, areas] : selection.aukc) {
    for (const auto& [name, area] : areas) aukc[part][name] = Number(area);
  }
  return aukc;
}

Json LayersJson(const Selection& selection) {
  Json layers = Json::array();
  for (const LayerOutcome& layer : selection.layers) {
    layers.push_back({{"name", layer.name},
                      {"block", {layer.block_rows, layer.block_columns}},
                      {"blocks", layer.blocks},
                      {"kept", layer.kept},
                      {"density", layer.density},
                      {"logit_stddev", layer.logit_stddev}});
  }
  return layers;
}

// Candidates that some repeat selected, the most frequent first.
Json FrequencyJson(const Selection& selection, const Repeats& repeats) {
  std::vector<size_t> order;
  for (size_t c = 0; c < repeats.times.size(); ++c) {
    if (repeats.times[c] > 0) order.push_back(c);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return repeats.times[a] > repeats.times[b]; });
  Json frequency = Json::array();
  for (const size_t c : order) {
    const double share =
        static_cast<double>(repeats.times[c]) / static_cast<double>(repeats.selections.size());
    frequency.push_back(
        {{"name", selection.names[c]}, {"times", repeats.times[c]}, {"frequency", share}});
  }
  return frequency;
}

Json TuningJson(const Tuning& tuning) {
  Json tried = Json::array();
  for (const Tuning::Trial& trial : tuning.tried) {
    tried.push_back({{"value", trial.value}, {"validation_loss", Number(trial.validation_loss)}});
  }
  return {{"parameter", tuning.parameter}, {"chosen", tuning.chosen}, {"tried", tried}};
}

Json RepeatsJson(const Selection& selection) {
  const Repeats& repeats = *selection.repeats;
  Json selections = Json::array();
  for (const RepeatedSelection& repeat : repeats.selections) {
    Json names = Json::array();
    for (const int32_t candidate : repeat.selected) names.push_back(selection.names[candidate]);
    selections.push_back({{"seed", repeat.seed}, {"selected", names}});
  }
  return {{"count", repeats.selections.size()},
          {"jaccard", Number(repeats.jaccard)},
          {"kuncheva", Number(repeats.kuncheva)},
          {"frequency", FrequencyJson(selection, repeats)},
          {"selections", selections}};
}

Json ToleranceJson(const ToleranceOutcome& outcome) {
  Json tried = Json::array();
  for (const SizeTried& size : outcome.tried) {
    tried.push_back({{"k", size.k}, {"validation_loss", size.loss}});
  }
  return {{"tolerance", outcome.tolerance},
          {"full_validation_loss", outcome.full_loss},
          {"tried", tried}};
}

Json WarmStartJson(const WarmStarted& warm) {
  return {
      {"parent_job", warm.parent},
      {"sha256", warm.sha256},
      {"columns",
       {{"matched", warm.matched_columns}, {"new", warm.new_columns}, {"gone", warm.gone_columns}}},
      {"values", {{"matched", warm.matched_values}, {"new", warm.new_values}}},
      {"logits", warm.logits}};
}

}  // namespace

Json MetricsJson(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, metric] : metrics) {
    Json entry = {{"value", Number(metric.value)}};
    if (metric.low) entry["low"] = *metric.low;
    if (metric.high) entry["high"] = *metric.high;
    json[name] = entry;
  }
  return json;
}

Json SplitMetricsJson(const SplitMetrics& metrics) {
  Json json = Json::object();
  for (const auto& [part, values] : metrics) json[part] = MetricsJson(values);
  return json;
}

Json BudgetJson(const Budget& budget) {
  Json json = Json::object();
  if (budget.max_count) json["max_count"] = *budget.max_count;
  if (budget.max_bytes) json["max_bytes"] = *budget.max_bytes;
  if (budget.max_flops) json["max_flops"] = *budget.max_flops;
  if (budget.max_latency_us) json["max_latency_us"] = *budget.max_latency_us;
  if (budget.density) json["density"] = *budget.density;
  if (budget.max_cost) json["max_cost"] = *budget.max_cost;
  if (budget.quality_tolerance) json["quality_tolerance"] = *budget.quality_tolerance;
  return json;
}

Json SelectionJson(const Selection& selection) {
  Json json = {{"task", selection.task},
               {"selector", selection.selector},
               {"seed", selection.seed},
               {"candidates", selection.candidates},
               {"selected", SelectedJson(selection)},
               {"budget", BudgetJson(selection.budget)},
               {"spent",
                {{"count", selection.spent_count},
                 {"bytes", selection.spent_bytes},
                 {"flops", selection.spent_flops},
                 {"price", selection.spent_price}}}};
  if (selection.task == "embedding_dimension") {
    json["dimensions"] = Json::object();
    for (const auto& [field, width] : selection.dimensions) json["dimensions"][field] = width;
  }
  if (selection.task == "block_pruning") json["layers"] = LayersJson(selection);
  if (selection.tuning) json["tuning"] = TuningJson(*selection.tuning);
  json["stopped_early"] = selection.stopped_early;
  json["metrics"] = SplitMetricsJson(selection.metrics);
  json["controls"] = ControlsJson(selection);
  if (selection.capacity_matched) {
    Json& matched = json["capacity_matched"];
    matched = {{"hidden_units", selection.capacity_matched->hidden_units},
               {"parameters", selection.capacity_matched->parameters},
               {"dropout", selection.capacity_matched->dropout}};
    matched.update(SplitMetricsJson(selection.capacity_matched->metrics));
  }
  json["curve"] = CurveJson(selection);
  if (!selection.aukc.empty()) json["aukc"] = AukcJson(selection);
  if (selection.tolerance) json["quality_tolerance"] = ToleranceJson(*selection.tolerance);
  if (selection.repeats) json["repeats"] = RepeatsJson(selection);
  if (selection.warm_start) json["warm_start"] = WarmStartJson(*selection.warm_start);
  json["warnings"] = selection.warnings;
  json["settings"] = selection.settings.is_null() ? Json::object() : Json(selection.settings);
  json["data"] = selection.data.is_null() ? Json::object() : Json(selection.data);
  return json;
}

std::string FormatJson(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace winnow::exporting
