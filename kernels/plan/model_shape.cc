#include "kernels/plan/model_shape.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace winnow::plan {
namespace {

// Width of [z or the first embedding, dot products].
int32_t DotInputs(const ModelShape& shape) {
  const int64_t n = VectorCount(shape);
  return static_cast<int32_t>((n > 0 ? shape.embedding_dimension : 0) + n * (n - 1) / 2);
}

}  // namespace

int32_t EmbeddingCount(const ModelShape& shape) {
  return static_cast<int32_t>(
      std::count_if(shape.fields.begin(), shape.fields.end(),
                    [](const InputField& field) { return field.categorical; }));
}

int32_t VectorCount(const ModelShape& shape) {
  return EmbeddingCount(shape) + (shape.bottom_units.empty() ? 0 : 1);
}

void LayOut(ModelShape& shape) {
  shape.dense_width = 0;
  for (const InputField& field : shape.fields) {
    if (!field.categorical) shape.dense_width += field.rows;
  }
  if (shape.dense_width == 0) shape.bottom_units.clear();
  const bool apart = !shape.bottom_units.empty() || HasDots(shape);
  int32_t numeric = 0;
  int32_t vectors = shape.bottom_units.empty() ? 0 : shape.bottom_units.back();
  shape.parameters = 0;
  for (InputField& field : shape.fields) {
    int32_t& next = apart && !field.categorical ? numeric : vectors;
    field.first_row = next;
    next += field.rows;
    if (field.categorical) shape.parameters += field.vocabulary * field.rows;
  }
  shape.interaction_width = vectors;
  const int32_t top = HasDots(shape) ? DotInputs(shape) : vectors;
  shape.top_inputs = top;
  shape.input_width = shape.bottom_units.empty() ? top : shape.dense_width;
  for (const LayerShape& layer : Layers(shape)) {
    shape.parameters += layer.weights() + layer.outputs;
  }
}

std::vector<LayerShape> Layers(const ModelShape& shape) {
  std::vector<LayerShape> layers;
  int32_t inputs = shape.dense_width;
  for (const int32_t units : shape.bottom_units) {
    layers.push_back({inputs, units});
    inputs = units;
  }
  inputs = shape.top_inputs;
  for (const int32_t units : shape.hidden_units) {
    layers.push_back({inputs, units});
    inputs = units;
  }
  layers.push_back({inputs, shape.outputs});
  return layers;
}

std::string LayerName(int64_t index) { return absl::StrCat("dense_", index); }

int64_t FieldWeights(const ModelShape& shape, const InputField& field) {
  const std::vector<LayerShape> layers = Layers(shape);
  if (!field.categorical) return static_cast<int64_t>(field.rows) * layers.front().outputs;
  const int64_t outputs = layers[TopLayer(shape)].outputs;
  if (!HasDots(shape)) return field.rows * outputs;
  return (VectorCount(shape) - 1) * outputs / 2;
}

}  // namespace winnow::plan
