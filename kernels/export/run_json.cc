#include "kernels/export/run_json.h"

namespace winnow::exporting {

nlohmann::ordered_json RunJson(const RunRecord& record) {
  nlohmann::ordered_json timing = nlohmann::ordered_json::object();
  timing["import_s"] = nullptr;
  if (record.import_s) timing["import_s"] = *record.import_s;
  timing["select_s"] = record.select_s;
  timing["retrain_s"] = record.retrain_s;
  timing["controls_s"] = record.controls_s;
  timing["curve_s"] = record.curve_s;
  timing["repeats_s"] = record.repeats_s;
  timing["evaluate_s"] = record.evaluate_s;
  timing["samples_per_s"] = record.samples_per_s;
  nlohmann::ordered_json json = {{"job", record.job},
                                 {"attempt", record.attempt},
                                 {"threads", record.threads},
                                 {"timing", timing}};
  for (const LayerRecord& layer : record.layers) {
    json["layers"].push_back(
        {{"name", layer.name},
         {"latency_us",
          {{"dense", layer.dense_us}, {"pruned", layer.pruned_us}, {"rows", layer.rows}}}});
  }
  return json;
}

nlohmann::ordered_json MergedResult(const nlohmann::ordered_json& selection,
                                    const nlohmann::ordered_json& run) {
  nlohmann::ordered_json merged = nlohmann::ordered_json::object();
  if (run.contains("job")) merged["job"] = run["job"];
  merged.update(selection);
  for (const auto& [key, value] : run.items()) {
    if (!merged.contains(key)) merged[key] = value;
  }
  if (merged.contains("layers") && run.contains("layers")) {
    for (auto& layer : merged["layers"]) {
      for (const auto& measured : run["layers"]) {
        if (measured["name"] == layer["name"]) layer.update(measured);
      }
    }
  }
  return merged;
}

}  // namespace winnow::exporting
