// Metrics of several models side by side.
#ifndef WINNOW_CLIENT_CLI_RESULT_METRICS_H_
#define WINNOW_CLIENT_CLI_RESULT_METRICS_H_

#include <string>
#include <utility>
#include <vector>

#include "client/cli/table.h"
#include "nlohmann/json.hpp"

namespace winnow::cli {

// The metrics on test rows, or on validation rows where no model has any on test rows:
// {"test": {"auc": {"value": .91, "low": .90, "high": .92}}}. The first column is called `title`
// and aligned so. A metric without a value, or that a model does not have, is "-".
std::string MetricsTable(const std::string& title, Table::Align align,
                         const std::vector<std::pair<std::string, nlohmann::ordered_json>>& models);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_RESULT_METRICS_H_
