// The model of an earlier job as its files describe it: manifest and weights.
//
// What the manifest says of inputs, layers and the target is in kernels/export/manifest.h. A model
// of a selection has besides
//   "gate": {"selector", "kind", "names": candidates of the gate.logits tensor, in its order, or
//   for
//            blocks "grid": [layer, block rows, block columns, rows, columns]}
#ifndef WINNOW_KERNELS_TRAIN_PARENT_MODEL_H_
#define WINNOW_KERNELS_TRAIN_PARENT_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/plan/model_shape.h"

namespace winnow::train {

// Name of the tensor of gate logits, [candidates].
inline constexpr char kGateLogits[] = "gate.logits";

struct ParentInput {
  std::string column;
  bool categorical = false;
  int32_t begin = 0, rows = 0;  // see plan::InputField
  // Numeric: z = (t(v) - centre) * scale, a missing value gives `fill`.
  std::string transform;
  double centre = 0, scale = 0, fill = 0;
  bool has_indicator = false;
  double present = 0, missing = 0;  // the indicator's values
  // Categorical: value i of `values` has code i + 1; a hashed column has none.
  std::string tensor;
  bool hashed = false;
  int64_t vocabulary = 0;
  std::vector<std::string> values;
  std::vector<int32_t> unknown_codes;
};

struct ParentModel {
  std::string weights_path;  // safetensors
  std::vector<ParentInput> inputs;
  std::vector<plan::LayerShape> layers;
  int32_t bottom_layers = 0, dimension = 0;
  bool has_dots = false;
  std::string target_kind;  // "binary", "multiclass", "regression"
  std::vector<std::string> classes;
  double target_mean = 0, target_stddev = 1;
  std::string selector;  // empty: a model without gates
  std::vector<std::string> gate_names;
  std::vector<int32_t> gate_grid;
};

// NOT_FOUND; DATA_LOSS for anything but a manifest of ours. The weights are not opened.
absl::StatusOr<ParentModel> ReadParentModel(const std::string& manifest_path,
                                            const std::string& weights_path);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_PARENT_MODEL_H_
