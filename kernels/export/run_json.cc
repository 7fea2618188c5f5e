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
  return {{"job", record.job},
          {"attempt", record.attempt},
          {"threads", record.threads},
          {"timing", timing}};
}

nlohmann::ordered_json MergedResult(const nlohmann::ordered_json& selection,
                                    const nlohmann::ordered_json& run) {
  nlohmann::ordered_json merged = nlohmann::ordered_json::object();
  if (run.contains("job")) merged["job"] = run["job"];
  merged.update(selection);
  for (const auto& [key, value] : run.items()) {
    if (!merged.contains(key)) merged[key] = value;
  }
  return merged;
}

}  // namespace winnow::exporting
