#include "client/cli/report_page.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/report_chart.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

constexpr char kStyle[] = R"css(
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 760px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal }
tr + tr td { border-top: 1px solid #e4e4e4 }
small, .muted { color: #666 } svg { width: 100%; height: auto } .label { font-size: 12px; fill: #555 }
.axis { stroke: #ddd } .level { stroke: #c26; stroke-dasharray: 5 4 }
polyline { fill: none; stroke: #167; stroke-width: 2 } circle { fill: #167 }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: 13px }
)css";

// Blocks of a layer come by the thousand; a page of them helps nobody.
constexpr size_t kMostPicks = 500;

const ResultJson& At(const ResultJson& json, const std::string& key) {
  static const ResultJson kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}

std::string Word(const ResultJson& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}
std::string Number(const ResultJson& json) {
  return json.is_number() ? NumberText(json.get<double>()) : "-";
}
std::string Count(const ResultJson& json) {
  return json.is_number() ? CountText(json.get<int64_t>()) : "-";
}

using Row = std::vector<std::string>;

// Cells are HTML already.
std::string HtmlTable(const Row& head, const std::vector<Row>& rows) {
  std::string html = "<div class=\"scroll\"><table><tr>";
  for (const std::string& cell : head) absl::StrAppend(&html, "<th>", cell, "</th>");
  html += "</tr>\n";
  for (const Row& row : rows) {
    html += "<tr>";
    for (const std::string& cell : row) absl::StrAppend(&html, "<td>", cell, "</td>");
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string Section(const std::string& title, const std::string& content) {
  if (content.empty()) return "";
  return absl::StrCat("<h2>", EscapeHtml(title), "</h2>\n", content);
}

// The rows on which the result measures: test rows, or validation rows where there are none.
std::string RowsOf(const ResultJson& result) {
  const ResultJson& test = At(At(result, "metrics"), "test");
  return test.is_object() && !test.empty() ? "test" : "validation";
}

// The first that is defined, in the order in which people ask for them.
std::string MainMetric(const ResultJson& result) {
  const ResultJson& known = At(At(result, "metrics"), RowsOf(result));
  for (const char* name : {"auc", "accuracy", "r2", "log_loss", "rmse"}) {
    if (At(At(known, name), "value").is_number()) return name;
  }
  for (const auto& [name, metric] : known.items()) {
    if (At(metric, "value").is_number()) return name;
  }
  return "";
}

std::string MetricCell(const ResultJson& metric) {
  const ResultJson& value = At(metric, "value");
  if (!value.is_number()) return "-";
  const ResultJson& low = At(metric, "low");
  const ResultJson& high = At(metric, "high");
  if (!low.is_number() || !high.is_number()) return NumberText(value.get<double>());
  const int decimals = DecimalsOf((high.get<double>() - low.get<double>()) / 2);
  return absl::StrFormat("%.*f<br><small>%.*f to %.*f</small>", decimals, value.get<double>(),
                         decimals, low.get<double>(), decimals, high.get<double>());
}

std::string Quality(const ResultJson& result) {
  std::vector<std::pair<std::string, const ResultJson*>> models = {
      {"selected", &At(result, "metrics")}};
  for (const auto& [name, control] : At(result, "controls").items()) {
    const ResultJson& draws = At(control, "draws");
    models.emplace_back(
        draws.is_number() ? absl::StrCat(name, " (mean of ", Count(draws), ")") : name, &control);
  }
  if (At(result, "capacity_matched").is_object()) {
    models.emplace_back("capacity matched", &At(result, "capacity_matched"));
  }
  const std::string rows = RowsOf(result);
  std::set<std::string> metrics;
  for (const auto& [name, model] : models) {
    for (const auto& [metric, value] : At(*model, rows).items()) metrics.insert(metric);
  }
  if (metrics.empty()) return "";
  Row head = {"model"};
  for (const std::string& metric : metrics) head.push_back(EscapeHtml(metric));
  std::vector<Row> table;
  for (const auto& [name, model] : models) {
    Row row = {EscapeHtml(name)};
    for (const std::string& metric : metrics) {
      row.push_back(MetricCell(At(At(*model, rows), metric)));
    }
    table.push_back(std::move(row));
  }
  return HtmlTable(head, table);
}

std::string Picks(const ResultJson& result) {
  const ResultJson& selected = At(result, "selected");
  if (!selected.is_array() || selected.empty()) return "";
  std::vector<Row> rows;
  for (const ResultJson& pick : selected) {
    if (rows.size() == kMostPicks) break;
    rows.push_back({absl::StrCat(Count(At(pick, "rank")), ". ", EscapeHtml(Word(At(pick, "name")))),
                    Number(At(pick, "score")), Number(At(pick, "gain"))});
  }
  std::string html = HtmlTable({"candidate", "score", "gain in validation loss"}, rows);
  if (rows.size() < selected.size()) {
    absl::StrAppend(&html, "<p class=\"muted\">and ", selected.size() - rows.size(), " more</p>\n");
  }
  return html;
}

std::string Curve(const ResultJson& result, const std::string& metric) {
  Chart chart;
  chart.title = metric + " against size";
  const std::string rows = RowsOf(result);
  const auto value_of = [&](const ResultJson& model) -> const ResultJson& {
    return At(At(At(model, rows), metric), "value");
  };
  const ResultJson& curve = At(result, "curve");
  if (!curve.is_array()) return "";
  for (const ResultJson& point : curve) {
    if (!At(point, "k").is_number() || !value_of(point).is_number()) continue;
    chart.points.emplace_back(At(point, "k").get<double>(), value_of(point).get<double>());
  }
  if (chart.points.size() < 2) return "";
  std::sort(chart.points.begin(), chart.points.end());
  for (const auto& [name, control] : At(result, "controls").items()) {
    if (value_of(control).is_number()) {
      chart.levels.emplace_back(name, value_of(control).get<double>());
    }
  }
  return ChartSvg(chart) + "\n";
}

// How alike the selections of all repeats are, and how often each candidate was selected.
std::string Stability(const ResultJson& result) {
  const ResultJson& repeats = At(result, "repeats");
  if (!repeats.is_object()) return "";
  const ResultJson& frequency = At(repeats, "frequency");
  std::vector<Row> rows;
  for (size_t i = 0; frequency.is_array() && i < frequency.size() && i < kMostPicks; ++i) {
    const ResultJson& candidate = frequency[i];
    rows.push_back({EscapeHtml(Word(At(candidate, "name"))), Count(At(candidate, "times")),
                    Number(At(candidate, "frequency"))});
  }
  return absl::StrCat("<p>", Count(At(repeats, "count")),
                      " selections with seeds of their own: ", "mean pairwise Jaccard ",
                      Number(At(repeats, "jaccard")), ", Kuncheva index ",
                      Number(At(repeats, "kuncheva")), "</p>\n",
                      rows.empty() ? "" : HtmlTable({"candidate", "times", "share"}, rows));
}

std::string Dimensions(const ResultJson& result) {
  std::vector<Row> rows;
  for (const auto& [field, width] : At(result, "dimensions").items()) {
    rows.push_back({EscapeHtml(field), Count(width)});
  }
  return rows.empty() ? "" : HtmlTable({"field", "dimensions"}, rows);
}

std::string Layers(const ResultJson& result) {
  std::vector<Row> rows;
  const ResultJson& layers = At(result, "layers");
  if (!layers.is_array()) return "";
  for (const ResultJson& layer : layers) {
    rows.push_back({EscapeHtml(Word(At(layer, "name"))), Count(At(layer, "kept")),
                    Count(At(layer, "blocks")), Number(At(layer, "density"))});
  }
  return rows.empty() ? "" : HtmlTable({"layer", "kept", "blocks", "density"}, rows);
}

std::string Spent(const ResultJson& result) {
  const ResultJson& spent = At(result, "spent");
  if (!spent.is_object()) return "";
  return absl::StrCat("<p>", Count(At(spent, "count")), " candidates, ", Count(At(spent, "bytes")),
                      " bytes, ", Count(At(spent, "flops")), " multiply-adds a row</p>\n");
}

std::string Warnings(const ResultJson& result) {
  std::string html;
  const ResultJson& warnings = At(result, "warnings");
  if (!warnings.is_array()) return "";
  for (const ResultJson& warning : warnings) {
    absl::StrAppend(&html, "<p>", EscapeHtml(Word(warning)), "</p>\n");
  }
  return html;
}

std::string Settings(const ResultJson& result) {
  const ResultJson& settings = At(result, "settings");
  if (!settings.is_object() || settings.empty()) return "";
  return absl::StrCat("<details><summary>every setting of the job</summary><pre>",
                      EscapeHtml(settings.dump(2)), "</pre></details>\n");
}

}  // namespace

std::string EscapeHtml(const std::string& text) {
  std::string html;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += letter;
    }
  }
  return html;
}

std::string ReportPage(const ResultJson& result) {
  std::string task = Word(At(result, "task"));
  std::replace(task.begin(), task.end(), '_', ' ');
  const std::string title = EscapeHtml(
      absl::StrCat(task, ": ", CountText(static_cast<int64_t>(At(result, "selected").size())),
                   " of ", Count(At(result, "candidates"))));
  const std::string metric = MainMetric(result);
  const std::string rows = RowsOf(result);
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>",
      title, "</title><style>", kStyle, "</style></head><body>\n<h1>", title, "</h1>\n<p>",
      EscapeHtml(Word(At(result, "selector"))), ", seed ", Count(At(result, "seed")),
      ". <span class=\"muted\">", EscapeHtml(Word(At(result, "job"))), "</span></p>\n",
      Section("Warnings", Warnings(result)),
      Section(absl::StrCat("Quality on ", rows, " rows, with confidence intervals"),
              Quality(result)),
      Section("Picks in order", Picks(result)), Section("Dimensions", Dimensions(result)),
      Section("Layers", Layers(result)),
      Section(absl::StrCat(rows, " ", metric, " against size"), Curve(result, metric)),
      Section("Stability", Stability(result)), Section("Spent", Spent(result)),
      Section("Settings", Settings(result)), "</body></html>\n");
}

}  // namespace winnow::cli
