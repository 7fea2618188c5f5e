// The outcome of a job as plain values; the deterministic content of selection.json.
#ifndef WINNOW_KERNELS_BASE_SELECTION_H_
#define WINNOW_KERNELS_BASE_SELECTION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/base/budget.h"
#include "nlohmann/json.hpp"

namespace winnow {

// One selected candidate.
struct Pick {
  int32_t candidate = -1;  // index in the CandidateSet
  int32_t phase = 0;       // round in which it was picked, from 0; must-keep items have phase 0
  double score = 0;        // the selector's score when it was picked
  // Drop of the validation loss that the picks of its phase brought (mask = picks so far only),
  // measured at the end of the phase; absent where a selector picks all at once or the gain was not
  // measured.
  std::optional<double> gain;
};

// A metric with its bootstrap confidence interval, when one was asked for. Undefined = no value
// (null).
struct MetricValue {
  std::optional<double> value;
  std::optional<double> low, high;
};
using Metrics = std::map<std::string, MetricValue>;   // by metric name
using SplitMetrics = std::map<std::string, Metrics>;  // by "validation", "test"

// A prefix of the picks whose model was trained to find the smallest within a tolerance.
struct SizeTried {
  int32_t round = 0;  // of the search, from 0
  int64_t k = 0;      // picks
  double loss = 0;    // mean loss over the validation rows
};

// How a quality_tolerance was met; see kernels/train/tolerance_search.h.
struct ToleranceOutcome {
  double tolerance = 0;  // validation loss above the full model's, absolute
  double full_loss = 0;  // of the full model
  std::vector<SizeTried> tried;
};

struct CurvePoint {
  int64_t k = 0;
  SplitMetrics metrics;
};

// A pruned layer (block pruning).
struct LayerOutcome {
  std::string name;
  int32_t block_rows = 0, block_columns = 0;
  int64_t blocks = 0, kept = 0;
  double density = 0;
  double logit_stddev = 0;  // how far the gate logits moved; 0 for selectors without logits
};

// The selected subset retrained with as many parameters as the full model has.
struct CapacityMatched {
  std::vector<int32_t> hidden_units;
  int64_t parameters = 0;
  double dropout = 0;  // with which it was trained
  SplitMetrics metrics;
};

// A parameter of the selector that the job chose itself, by validation loss after retraining.
struct Tuning {
  struct Trial {
    double value = 0;
    std::optional<double> validation_loss;  // mean loss of its retrained picks; none: not retrained
  };
  std::string parameter;
  double chosen = 0;
  std::vector<Trial> tried;  // in the order of the values; a stopped job has fewer
};

// The selection of one repeat: candidates in the order of their picks.
struct RepeatedSelection {
  uint64_t seed = 0;
  std::vector<int32_t> selected;
};

// Several selections of one job, repeat 0 (the result's own) first, and how alike they are: see
// kernels/train/stability.h.
struct Repeats {
  std::vector<RepeatedSelection> selections;
  std::vector<int32_t> times;               // of all candidates: repeats that selected it
  std::optional<double> jaccard, kuncheva;  // none for fewer than two selections
};

// What a job that starts from an earlier one took over.
struct WarmStarted {
  std::string parent;                         // job
  std::map<std::string, std::string> sha256;  // of the artifacts that were read
  int64_t matched_columns = 0;
  std::vector<std::string> new_columns, gone_columns;
  int64_t matched_values = 0, new_values = 0;  // of dictionaries
  bool logits = false;                         // of the gates
};

struct Selection {
  std::string task, selector;
  uint64_t seed = 0;
  int64_t candidates = 0;          // without forbidden ones
  std::vector<Pick> picks;         // in order
  std::vector<std::string> names;  // of all candidates, by index
  std::vector<Cost> costs;         // of all candidates, by index
  Budget budget;
  int64_t spent_count = 0, spent_bytes = 0, spent_flops = 0;
  double spent_price = 0;
  SplitMetrics metrics;                          // of the retrained (or pruned) model
  std::map<std::string, SplitMetrics> controls;  // "full", "random", "magnitude", "transplant"
  nlohmann::json control_details;                // number of draws, what a control is
  std::optional<CapacityMatched> capacity_matched;
  std::vector<CurvePoint> curve;
  // Of every metric, "validation" and "test": its area under the curve (kernels/train/aukc.h).
  std::map<std::string, std::map<std::string, std::optional<double>>> aukc;
  std::map<std::string, int32_t> dimensions;  // embedding_dimension: kept width of every field
  std::vector<LayerOutcome> layers;           // block_pruning
  std::optional<Tuning> tuning;               // when a parameter was to be tuned
  std::optional<ToleranceOutcome> tolerance;  // when the budget has one
  std::optional<Repeats> repeats;             // when more than one was asked for
  std::optional<WarmStarted> warm_start;
  bool stopped_early = false;
  nlohmann::json settings;  // every resolved setting
  nlohmann::json data;      // rows per part, dropped rows, hash collisions
  std::vector<std::string> warnings;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_SELECTION_H_
