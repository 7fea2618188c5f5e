#include "client/cli/result_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/result_metrics.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

// A member of an object, or null.
const ResultJson& At(const ResultJson& json, const std::string& key) {
  static const ResultJson kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}

std::string Word(const ResultJson& json, const std::string& fallback = "-") {
  return json.is_string() ? json.get<std::string>() : fallback;
}

std::string Number(const ResultJson& json) {
  return json.is_number() ? NumberText(json.get<double>()) : "-";
}

std::string Count(const ResultJson& json) {
  return json.is_number() ? CountText(json.get<int64_t>()) : "-";
}

std::string HeadText(const ResultJson& result) {
  std::string text = absl::StrCat(Word(At(result, "task")), " by ", Word(At(result, "selector")),
                                  ", seed ", Count(At(result, "seed")), ": ",
                                  CountText(static_cast<int64_t>(At(result, "selected").size())),
                                  " of ", Count(At(result, "candidates")), " candidates");
  const ResultJson& stopped = At(result, "stopped_early");
  if (stopped.is_boolean() && stopped.get<bool>()) absl::StrAppend(&text, " (stopped early)");
  if (At(result, "job").is_string()) absl::StrAppend(&text, "\n", Word(At(result, "job")));
  return text + "\n";
}

std::string PicksText(const ResultJson& result) {
  // Blocks of a layer come by the thousand; their layers are listed instead.
  constexpr size_t kMostPicks = 100;
  const ResultJson& selected = At(result, "selected");
  if (!selected.is_array() || selected.empty()) return "";
  Table table;
  table.Column("RANK", Table::Align::kRight).Column("SELECTED");
  table.Column("SCORE", Table::Align::kRight).Column("GAIN", Table::Align::kRight);
  const size_t shown = std::min(selected.size(), kMostPicks);
  for (size_t i = 0; i < shown; ++i) {
    const ResultJson& pick = selected[i];
    table.Row({Count(At(pick, "rank")), Word(At(pick, "name")), Number(At(pick, "score")),
               Number(At(pick, "gain"))});
  }
  std::string text = absl::StrCat("\n", table.Text());
  if (shown < selected.size()) {
    absl::StrAppend(&text, "... and ", CountText(static_cast<int64_t>(selected.size() - shown)),
                    " more (--csv has all)\n");
  }
  return text;
}

// "weight_decay 30, of 1, 10, 30 by validation loss .41, .40, .38 after retraining".
std::string TuningText(const ResultJson& result) {
  const ResultJson& tuning = At(result, "tuning");
  if (!tuning.is_object()) return "";
  // As it was given, without digits behind it.
  const auto given = [](const ResultJson& value) {
    return value.is_number() ? absl::StrCat(value.get<double>()) : std::string("-");
  };
  std::string values, losses, separator;
  for (const ResultJson& trial : At(tuning, "tried")) {
    absl::StrAppend(&values, separator, given(At(trial, "value")));
    absl::StrAppend(&losses, separator, Number(At(trial, "validation_loss")));
    separator = ", ";
  }
  return absl::StrCat("\n", Word(At(tuning, "parameter")), " ", given(At(tuning, "chosen")),
                      ", of ", values, " by validation loss ", losses, " after retraining\n");
}

// "quality_tolerance .01: 5 of 14 candidates, the smallest of 11 sizes tried within .01 of the full
// model's validation loss .32".
std::string ToleranceText(const ResultJson& result) {
  const ResultJson& search = At(result, "quality_tolerance");
  if (!search.is_object()) return "";
  const ResultJson& tried = At(search, "tried");
  Table table;
  table.Column("SIZE", Table::Align::kRight).Column("VALIDATION LOSS", Table::Align::kRight);
  table.Column("ABOVE FULL", Table::Align::kRight);
  std::map<int64_t, double> losses;
  for (const ResultJson& size : tried) {
    losses[At(size, "k").get<int64_t>()] = At(size, "validation_loss").get<double>();
  }
  const double full = At(search, "full_validation_loss").get<double>();
  for (const auto& [size, loss] : losses) {
    table.Row({CountText(size), Number(loss), Number(loss - full)});
  }
  return absl::StrCat("\nsmallest size tried whose validation loss is within ",
                      absl::StrCat(At(search, "tolerance").get<double>()), " of the full model's ",
                      Number(full), ":\n", table.Text());
}

std::string DimensionsText(const ResultJson& result) {
  const ResultJson& dimensions = At(result, "dimensions");
  if (!dimensions.is_object()) return "";
  Table table;
  table.Column("FIELD").Column("DIMENSIONS", Table::Align::kRight);
  for (const auto& [field, width] : dimensions.items()) table.Row({field, Count(width)});
  return absl::StrCat("\n", table.Text());
}

std::string LayersText(const ResultJson& result) {
  const ResultJson& layers = At(result, "layers");
  if (!layers.is_array()) return "";
  Table table;
  table.Column("LAYER").Column("BLOCK").Column("KEPT", Table::Align::kRight);
  table.Column("BLOCKS", Table::Align::kRight).Column("DENSITY", Table::Align::kRight);
  table.Column("DENSE US", Table::Align::kRight).Column("PRUNED US", Table::Align::kRight);
  for (const ResultJson& layer : layers) {
    const ResultJson& block = At(layer, "block");
    const bool has_block = block.is_array() && block.size() == 2;
    table.Row({Word(At(layer, "name")),
               has_block ? absl::StrCat(Count(block[0]), " x ", Count(block[1])) : "-",
               Count(At(layer, "kept")), Count(At(layer, "blocks")), Number(At(layer, "density")),
               Number(At(At(layer, "latency_us"), "dense")),
               Number(At(At(layer, "latency_us"), "pruned"))});
  }
  return absl::StrCat("\n", table.Text());
}

// What a control is, where its name does not say it: "random (mean of 3)".
std::string ControlName(const std::string& name, const ResultJson& control) {
  const ResultJson& draws = At(control, "draws");
  return draws.is_number() ? absl::StrCat(name, " (mean of ", Count(draws), ")") : name;
}

std::string QualityText(const ResultJson& result) {
  std::vector<std::pair<std::string, ResultJson>> models = {{"selected", At(result, "metrics")}};
  for (const auto& [name, control] : At(result, "controls").items()) {
    models.emplace_back(ControlName(name, control), control);
  }
  if (At(result, "capacity_matched").is_object()) {
    models.emplace_back("capacity matched", At(result, "capacity_matched"));
  }
  return MetricsTable("MODEL", Table::Align::kLeft, models);
}

std::string CurveText(const ResultJson& result) {
  std::vector<std::pair<std::string, ResultJson>> sizes;
  if (!At(result, "curve").is_array()) return "";
  for (const ResultJson& point : At(result, "curve")) {
    sizes.emplace_back(Count(At(point, "k")), point);
  }
  if (sizes.empty()) return "";
  std::string text = MetricsTable("SIZE", Table::Align::kRight, sizes);
  const ResultJson& areas = At(At(result, "aukc"), "test");
  if (!areas.is_object() || areas.empty()) return text;
  std::string separator = "mean over sizes (AUKC), test: ";
  for (const auto& [name, area] : areas.items()) {
    absl::StrAppend(&text, separator, name, " ", Number(area));
    separator = ", ";
  }
  return text + "\n";
}

// How alike the selections of all repeats are, and how often each candidate was selected.
std::string RepeatsText(const ResultJson& result) {
  constexpr size_t kMostCandidates = 100;
  const ResultJson& repeats = At(result, "repeats");
  if (!repeats.is_object()) return "";
  std::string text = absl::StrCat("\nrepeats: ", Count(At(repeats, "count")),
                                  " selections, Jaccard ", Number(At(repeats, "jaccard")),
                                  ", Kuncheva ", Number(At(repeats, "kuncheva")), "\n");
  const ResultJson& frequency = At(repeats, "frequency");
  if (!frequency.is_array()) return text;
  Table table;
  table.Column("CANDIDATE").Column("TIMES", Table::Align::kRight);
  table.Column("FREQUENCY", Table::Align::kRight);
  const size_t shown = std::min(frequency.size(), kMostCandidates);
  for (size_t i = 0; i < shown; ++i) {
    const ResultJson& candidate = frequency[i];
    table.Row({Word(At(candidate, "name")), Count(At(candidate, "times")),
               Number(At(candidate, "frequency"))});
  }
  absl::StrAppend(&text, table.Text());
  if (shown < frequency.size()) {
    absl::StrAppend(&text, "... and ", CountText(static_cast<int64_t>(frequency.size() - shown)),
                    " more (--json has all)\n");
  }
  return text;
}

std::string SpentText(const ResultJson& result) {
  const ResultJson& spent = At(result, "spent");
  std::string text;
  if (spent.is_object()) {
    absl::StrAppend(&text, "\nspent: ", Count(At(spent, "count")), " candidates, ",
                    Count(At(spent, "bytes")), " bytes, ", Count(At(spent, "flops")),
                    " multiply-adds a row");
    if (At(At(result, "budget"), "max_cost").is_number()) {
      absl::StrAppend(&text, ", cost ", Number(At(spent, "price")));
    }
    text += "\n";
  }
  const ResultJson& timing = At(result, "timing");
  const ResultJson& select = At(timing, "select_s");
  const ResultJson& retrain = At(timing, "retrain_s");
  if (select.is_number() && retrain.is_number()) {
    // Trials of a tuned parameter include the retrain.
    const bool together = retrain == 0 && At(result, "tuning").is_object();
    absl::StrAppend(&text, "time: selection ", together ? "with retraining " : "",
                    SecondsText(select.get<double>()));
    if (!together) absl::StrAppend(&text, ", retraining ", SecondsText(retrain.get<double>()));
    const ResultJson& speed = At(timing, "samples_per_s");
    if (speed.is_number()) {
      absl::StrAppend(&text, ", ", CountText(std::llround(speed.get<double>())), " rows/s");
    }
    text += "\n";
  }
  return text;
}

// What a job that starts from an earlier one took over.
std::string WarmStartText(const ResultJson& result) {
  const ResultJson& warm = At(result, "warm_start");
  if (!warm.is_object()) return "";
  const ResultJson& columns = At(warm, "columns");
  const ResultJson& values = At(warm, "values");
  std::string text = absl::StrCat("started from ", Word(At(warm, "parent_job")), ": ",
                                  Count(At(columns, "matched")), " columns");
  for (const char* kind : {"new", "gone"}) {
    const ResultJson& names = At(columns, kind);
    if (!names.is_array() || names.empty()) continue;
    absl::StrAppend(&text, ", ", names.size(), " ", kind, " (", Word(names[0]),
                    names.size() > 1 ? ", ..." : "", ")");
  }
  absl::StrAppend(&text, "; ", Count(At(values, "matched")), " values, ", Count(At(values, "new")),
                  " new\n");
  return text;
}

std::string WarningsText(const ResultJson& result) {
  std::string text;
  for (const ResultJson& warning : At(result, "warnings")) {
    absl::StrAppend(&text, "warning: ", Word(warning), "\n");
  }
  return text;
}

// RFC 4180: quotes around what holds a comma, a quote or a line end.
std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char letter : text)
    cell += letter == '"' ? std::string("\"\"") : std::string(1, letter);
  return cell + "\"";
}

std::string CsvNumber(const ResultJson& json) { return json.is_number() ? json.dump() : ""; }

}  // namespace

ResultJson MergeResult(const ResultJson& selection, const ResultJson& run) {
  ResultJson merged = ResultJson::object();
  if (run.contains("job")) merged["job"] = run["job"];
  merged.update(selection);
  for (const auto& [key, value] : run.items()) {
    if (!merged.contains(key)) merged[key] = value;
  }
  if (At(merged, "layers").is_array() && At(run, "layers").is_array()) {
    for (ResultJson& layer : merged["layers"]) {
      for (const ResultJson& measured : run["layers"]) {
        if (At(measured, "name") == At(layer, "name")) layer.update(measured);
      }
    }
  }
  return merged;
}

std::string ResultText(const ResultJson& result) {
  return absl::StrCat(HeadText(result), PicksText(result), TuningText(result),
                      ToleranceText(result), DimensionsText(result), LayersText(result),
                      QualityText(result), CurveText(result), RepeatsText(result),
                      SpentText(result), WarmStartText(result), WarningsText(result));
}

std::string ResultCsv(const ResultJson& result) {
  std::string text = "rank,name,phase,score,gain,cost\n";
  for (const ResultJson& pick : At(result, "selected")) {
    absl::StrAppend(&text, CsvNumber(At(pick, "rank")), ",", CsvCell(Word(At(pick, "name"), "")),
                    ",", CsvNumber(At(pick, "phase")), ",", CsvNumber(At(pick, "score")), ",",
                    CsvNumber(At(pick, "gain")), ",", CsvNumber(At(pick, "cost")), "\n");
  }
  return text;
}

std::string ResultNames(const ResultJson& result) {
  std::string text;
  for (const ResultJson& pick : At(result, "selected")) {
    absl::StrAppend(&text, Word(At(pick, "name"), ""), "\n");
  }
  return text;
}

}  // namespace winnow::cli
