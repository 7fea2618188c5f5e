#include "client/cli/result_metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

using Json = nlohmann::ordered_json;
using Models = std::vector<std::pair<std::string, Json>>;

// The metrics of these rows; an empty object where the model has none.
const Json& Part(const Json& metrics, const std::string& part) {
  static const Json kNone = Json::object();
  if (!metrics.is_object() || !metrics.contains(part)) return kNone;
  return metrics[part].is_object() ? metrics[part] : kNone;
}

bool IsNumber(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_number();
}

// Names of the metrics that any model has of these rows, in the order of their first appearance.
std::vector<std::string> MetricNames(const Models& models, const std::string& part) {
  std::vector<std::string> names;
  for (const auto& [model, metrics] : models) {
    for (const auto& [name, metric] : Part(metrics, part).items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// As many decimals for all models as the widest interval among them allows.
int Decimals(const Models& models, const std::string& part, const std::string& name) {
  double half_width = 0;
  for (const auto& [model, metrics] : models) {
    const Json metric = Part(metrics, part).value(name, Json());
    if (IsNumber(metric, "low") && IsNumber(metric, "high")) {
      half_width =
          std::max(half_width, (metric["high"].get<double>() - metric["low"].get<double>()) / 2);
    }
  }
  return DecimalsOf(half_width);
}

std::string Cell(const Json& metric, int decimals) {
  if (!IsNumber(metric, "value")) return "-";
  std::string text = absl::StrFormat("%.*f", decimals, metric["value"].get<double>());
  if (IsNumber(metric, "low") && IsNumber(metric, "high")) {
    absl::StrAppendFormat(&text, " [%.*f, %.*f]", decimals, metric["low"].get<double>(), decimals,
                          metric["high"].get<double>());
  }
  return text;
}

}  // namespace

std::string MetricsTable(const std::string& title, Table::Align align, const Models& models) {
  std::string part = "test";
  if (MetricNames(models, part).empty()) part = "validation";
  const std::vector<std::string> names = MetricNames(models, part);
  if (names.empty()) return "";
  Table table;
  table.Column(title, align);
  std::vector<int> decimals;
  for (const std::string& name : names) {
    table.Column(absl::StrCat(absl::AsciiStrToUpper(part), " ", absl::AsciiStrToUpper(name)),
                 Table::Align::kRight);
    decimals.push_back(Decimals(models, part, name));
  }
  for (const auto& [model, metrics] : models) {
    std::vector<std::string> row = {model};
    for (size_t i = 0; i < names.size(); ++i) {
      row.push_back(Cell(Part(metrics, part).value(names[i], Json()), decimals[i]));
    }
    table.Row(std::move(row));
  }
  return absl::StrCat("\n", table.Text());
}

}  // namespace winnow::cli
