// run.json: what differs between two runs of one job, kept apart from selection.json.
#ifndef WINNOW_KERNELS_EXPORT_RUN_JSON_H_
#define WINNOW_KERNELS_EXPORT_RUN_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace winnow::exporting {

// Forward product of a pruned layer over a batch of `rows` rows, one thread, in microseconds.
struct LayerRecord {
  std::string name;
  int64_t rows = 0;
  double dense_us = 0, pruned_us = 0;
};

// Times in seconds of all attempts together, where the caller knows them.
struct RunRecord {
  std::string job;  // tenants/.../jobs/...
  int32_t attempt = 1;
  int32_t threads = 1;
  std::optional<double> import_s;  // of the dataset
  double select_s = 0, retrain_s = 0, controls_s = 0, curve_s = 0, repeats_s = 0, evaluate_s = 0;
  double samples_per_s = 0;         // of the selection run, or of the retrain if there was none
  std::vector<LayerRecord> layers;  // of a job that prunes blocks
};

nlohmann::ordered_json RunJson(const RunRecord& record);

// The result a user sees: the job's name first, then everything of selection.json, then the rest of
// run.json; what both say about a layer stands together. Both arguments are objects.
nlohmann::ordered_json MergedResult(const nlohmann::ordered_json& selection,
                                    const nlohmann::ordered_json& run);

}  // namespace winnow::exporting

#endif  // WINNOW_KERNELS_EXPORT_RUN_JSON_H_
