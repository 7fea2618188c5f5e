#include "kernels/train/parent_model.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "nlohmann/json.hpp"

namespace winnow::train {
namespace {

using Json = nlohmann::json;

// Reads members of an object; the first that is missing or of another type is remembered.
class Members {
 public:
  Members(const Json& json, std::string& problem) : json_(json), problem_(problem) {}

  template <typename T>
  void Take(const char* name, T& value) {
    const auto found = json_.find(name);
    if (found == json_.end() || !Convert(*found, value)) {
      if (problem_.empty()) problem_ = absl::StrCat("'", name, "' is missing or of another type");
    }
  }
  bool Has(const char* name) const {
    const auto found = json_.find(name);
    return found != json_.end() && !found->is_null();
  }
  const Json& operator[](const char* name) const {
    static const Json nothing;
    const auto found = json_.find(name);
    return found == json_.end() ? nothing : *found;
  }

 private:
  static bool Convert(const Json& json, std::string& value) {
    if (!json.is_string()) return false;
    value = json.get<std::string>();
    return true;
  }
  static bool Convert(const Json& json, double& value) {
    if (!json.is_number()) return false;
    value = json.get<double>();
    return true;
  }
  static bool Convert(const Json& json, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  }
  template <typename T>
  static bool Convert(const Json& json, T& value) requires std::is_integral_v<T> {
    if (!json.is_number_integer()) return false;
    value = json.get<T>();
    return true;
  }
  template <typename T>
  static bool Convert(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return false;
    values.resize(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      if (!Convert(json[i], values[i])) return false;
    }
    return true;
  }

  const Json& json_;
  std::string& problem_;
};

ParentInput InputOf(const Json& json, std::string& problem) {
  Members members(json, problem);
  ParentInput input;
  std::string kind;
  std::vector<int32_t> rows;
  members.Take("column", input.column);
  members.Take("kind", kind);
  members.Take("rows", rows);
  if (rows.size() != 2 || rows[0] < 0 || rows[1] <= rows[0]) {
    problem = absl::StrCat("the rows of '", input.column, "' are not a range");
    return input;
  }
  input.begin = rows[0];
  input.rows = rows[1] - rows[0];
  input.categorical = kind == "categorical";
  if (input.categorical) {
    members.Take("tensor", input.tensor);
    members.Take("hashed", input.hashed);
    members.Take("vocabulary", input.vocabulary);
    members.Take("unknown_codes", input.unknown_codes);
    if (members.Has("values")) members.Take("values", input.values);
    return input;
  }
  members.Take("transform", input.transform);
  members.Take("centre", input.centre);
  members.Take("scale", input.scale);
  members.Take("fill", input.fill);
  input.has_indicator = members.Has("indicator");
  if (input.has_indicator) {
    Members indicator(members["indicator"], problem);
    indicator.Take("present", input.present);
    indicator.Take("missing", input.missing);
  }
  return input;
}

void TakeTarget(const Json& json, ParentModel& model, std::string& problem) {
  Members target(json, problem);
  target.Take("kind", model.target_kind);
  if (model.target_kind == "regression") {
    target.Take("mean", model.target_mean);
    target.Take("stddev", model.target_stddev);
  } else {
    target.Take("classes", model.classes);
  }
}

void TakeGate(const Json& json, ParentModel& model, std::string& problem) {
  Members gate(json, problem);
  gate.Take("selector", model.selector);
  if (gate.Has("names")) gate.Take("names", model.gate_names);
  if (gate.Has("grid")) gate.Take("grid", model.gate_grid);
}

ParentModel ModelOf(const Json& json, std::string& problem) {
  Members members(json, problem);
  ParentModel model;
  std::string format;
  members.Take("format", format);
  if (format != "winnow-manifest") problem = "it is no manifest";
  for (const Json& input : members["inputs"]) model.inputs.push_back(InputOf(input, problem));
  for (const Json& entry : members["layers"]) {
    Members layer(entry, problem);
    layer.Take("inputs", model.layers.emplace_back().inputs);
    layer.Take("outputs", model.layers.back().outputs);
  }
  if (model.inputs.empty() || model.layers.empty()) problem = "it has no inputs or no layers";
  TakeTarget(members["target"], model, problem);
  if (members.Has("interaction")) {
    Members interaction(members["interaction"], problem);
    std::string kind;
    interaction.Take("kind", kind);
    interaction.Take("bottom_layers", model.bottom_layers);
    interaction.Take("dimension", model.dimension);
    model.has_dots = kind == "dot";
  }
  if (members.Has("gate")) TakeGate(members["gate"], model, problem);
  return model;
}

}  // namespace

absl::StatusOr<ParentModel> ReadParentModel(const std::string& manifest_path,
                                            const std::string& weights_path) {
  std::ifstream in(manifest_path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("'", manifest_path, "' cannot be opened"));
  const Json json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  std::string problem;
  if (!json.is_object()) problem = "it is not a JSON object";
  ParentModel model;
  if (problem.empty()) model = ModelOf(json, problem);
  if (!problem.empty())
    return absl::DataLossError(absl::StrCat("'", manifest_path, "': ", problem));
  model.weights_path = weights_path;
  return model;
}

}  // namespace winnow::train
