// selection.json: the deterministic part of a job's result.
//
// Same Selection, same bytes: keys in a fixed order, doubles in their shortest form that reads back
// equal, an undefined number is null, bytes that are not UTF-8 become U+FFFD. Nothing about time,
// machine or job name stands here: see run_json.h.
#ifndef WINNOW_KERNELS_EXPORT_SELECTION_JSON_H_
#define WINNOW_KERNELS_EXPORT_SELECTION_JSON_H_

#include <string>

#include "kernels/base/selection.h"
#include "nlohmann/json.hpp"

namespace winnow::exporting {

nlohmann::ordered_json SelectionJson(const Selection& selection);

// Two spaces a level, newline at the end.
std::string FormatJson(const nlohmann::ordered_json& json);

nlohmann::ordered_json MetricsJson(const Metrics& metrics);
nlohmann::ordered_json SplitMetricsJson(const SplitMetrics& metrics);
nlohmann::ordered_json BudgetJson(const Budget& budget);

}  // namespace winnow::exporting

#endif  // WINNOW_KERNELS_EXPORT_SELECTION_JSON_H_
