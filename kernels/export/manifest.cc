#include "kernels/export/manifest.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/data/dictionary.h"
#include "kernels/plan/model_shape.h"

namespace winnow::exporting {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kManifestVersion = 1;

Json TargetJson(const data::TrainingTable& table) {
  const TargetProfile& target = table.profile().target;
  switch (target.kind) {
    case TargetKind::kBinary:
      return {{"name", target.name}, {"kind", "binary"}, {"classes", target.classes}};
    case TargetKind::kMulticlass:
      return {{"name", target.name}, {"kind", "multiclass"}, {"classes", target.classes}};
    case TargetKind::kRegression:
      break;
  }
  return {{"name", target.name},
          {"kind", "regression"},
          {"mean", table.target_mean()},
          {"stddev", table.target_stddev()}};
}

Json NumericJson(const ColumnProfile& column, const data::NumericFit& fit) {
  Json json = {{"kind", "numeric"},
               {"transform", TransformName(column.transform)},
               {"centre", fit.centre},
               {"scale", fit.scale},
               {"bound", std::isfinite(fit.bound) ? Json(fit.bound) : Json(nullptr)},
               {"fill", fit.fill}};
  if (!fit.cuts.empty()) json["cuts"] = fit.cuts;
  return json;
}

Json CategoricalJson(const ColumnProfile& column, const data::TrainingTable& table, int32_t slot,
                     const std::vector<data::Dictionary>& dictionaries, int32_t index) {
  Json unknown = Json::array();
  for (int32_t code = 1; code < column.vocabulary; ++code) {
    if (table.MapCode(slot, code) == 0) unknown.push_back(code);
  }
  Json values = nullptr;
  for (const data::Dictionary& dictionary : dictionaries) {
    if (dictionary.column != index) continue;
    values = Json::array();
    for (int32_t code = 1; code <= dictionary.size(); ++code) {
      values.push_back(std::string(dictionary.value(code)));
    }
  }
  return {{"kind", "categorical"},           {"tensor", EmbeddingTensorName(column.name)},
          {"vocabulary", column.vocabulary}, {"hashed", column.hashed},
          {"unknown_codes", unknown},        {"values", values}};
}

Json InputsJson(const ManifestInput& input, const std::vector<data::Dictionary>& dictionaries) {
  const data::TrainingTable& table = *input.table;
  const std::vector<data::FeatureLayout>& features = table.layout().features;
  std::vector<int32_t> numeric_index(features.size(), -1);
  int32_t numerics = 0;
  for (const data::FeatureLayout& feature : features) {
    if (!feature.categorical) numeric_index[feature.column] = numerics++;
  }
  Json inputs = Json::array();
  for (const plan::InputField& field : input.shape->fields) {
    const ColumnProfile& column = table.profile().columns[field.column];
    Json entry = {{"column", column.name},
                  {"rows", {field.first_row, field.first_row + field.rows}}};
    if (field.categorical) {
      entry.update(CategoricalJson(column, table, features[field.column].code_slot, dictionaries,
                                   field.column));
    } else {
      const data::NumericFit& fit = table.numeric_fits()[numeric_index[field.column]];
      entry.update(NumericJson(column, fit));
      if (field.rows == 2) {
        entry["indicator"] = {{"present", fit.indicator_present},
                              {"missing", fit.indicator_missing}};
      }
    }
    inputs.push_back(entry);
  }
  return inputs;
}

Json LayersJson(const plan::ModelShape& shape) {
  Json layers = Json::array();
  const std::vector<plan::LayerShape> extents = plan::Layers(shape);
  for (size_t i = 0; i < extents.size(); ++i) {
    layers.push_back({{"name", plan::LayerName(static_cast<int64_t>(i))},
                      {"inputs", extents[i].inputs},
                      {"outputs", extents[i].outputs},
                      {"activation", i + 1 < extents.size() ? "relu" : "none"}});
  }
  return layers;
}

// How the first `bottom_layers` layers and the embeddings meet: see plan/model_shape.h.
Json InteractionJson(const plan::ModelShape& shape) {
  return {{"kind", plan::HasDots(shape) ? "dot" : "concat"},
          {"bottom_layers", plan::TopLayer(shape)},
          {"dimension", shape.embedding_dimension},
          {"vectors", plan::VectorCount(shape)}};
}

// Kept blocks by [block row, block column]; every other block of the weights is 0.
Json BlockMaskJson(const CandidateSet& candidates, const Selection& selection) {
  const BlockGrid& grid = candidates.grid;
  std::vector<bool> kept(static_cast<size_t>(candidates.size()), false);
  for (const Pick& pick : selection.picks) kept[pick.candidate] = true;
  Json blocks = Json::array();
  for (int32_t i = 0; i < static_cast<int32_t>(kept.size()); ++i) {
    if (kept[i]) blocks.push_back({i / grid.grid_columns(), i % grid.grid_columns()});
  }
  return {{"layer", absl::StrCat("dense_", grid.layer)},
          {"block", {grid.block_rows, grid.block_columns}},
          {"grid", {grid.grid_rows(), grid.grid_columns()}},
          {"kept", blocks}};
}

}  // namespace

std::string EmbeddingTensorName(const std::string& column) {
  return absl::StrCat("embedding.", column);
}

const char* TransformName(Transform transform) {
  switch (transform) {
    case Transform::kNone:
      return "none";
    case Transform::kStandardize:
      return "standardize";
    case Transform::kMinMax:
      return "min_max";
    case Transform::kLog1p:
      return "log1p";
    case Transform::kQuantile:
      return "quantile";
    case Transform::kCriteoLog2:
      return "criteo_log2";
  }
  return "";
}

absl::StatusOr<Json> ManifestJson(const ManifestInput& input) {
  std::vector<data::Dictionary> dictionaries;
  auto read = data::ReadDictionaries(input.dictionaries_path);
  if (read.ok()) {
    dictionaries = *std::move(read);
  } else if (!absl::IsNotFound(read.status())) {
    return read.status();
  }
  const Selection& selection = *input.selection;
  Json manifest = {{"format", "winnow-manifest"},
                   {"version", kManifestVersion},
                   {"task", selection.task},
                   {"target", TargetJson(*input.table)},
                   {"inputs", InputsJson(input, dictionaries)},
                   {"layers", LayersJson(*input.shape)}};
  if (input.shape->kind == plan::ModelKind::kDlrm) {
    manifest["interaction"] = InteractionJson(*input.shape);
  }
  if (input.candidates->gate == GateKind::kBlock) {
    manifest["mask"] = BlockMaskJson(*input.candidates, selection);
  } else {
    manifest["selected"] = Json::array();
    for (const Pick& pick : selection.picks) {
      manifest["selected"].push_back(selection.names[pick.candidate]);
    }
  }
  return manifest;
}

}  // namespace winnow::exporting
