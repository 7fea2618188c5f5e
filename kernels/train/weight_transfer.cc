#include "kernels/train/weight_transfer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::train {
namespace {

// Rows of a layer that come from one thing.
struct Segment {
  int32_t begin = 0, rows = 0;
};

// What the rows of the first layers come from. Keys are places in a common order: column indices of
// the table for inputs, kBottom for the output of the bottom layers.
constexpr int32_t kBottom = -1;
using Inputs = std::map<int32_t, Segment>;
using Pairs = std::map<std::pair<int32_t, int32_t>, Segment>;

// A model's inputs by the table's columns; those of the parent that match none are left out.
struct Places {
  int32_t bottom_layers = 0;
  bool has_dots = false;
  int32_t first_vector = 0;  // key of the vector that a layer of dot products reads as it is
  Inputs numeric, vectors;   // rows of the layer that reads them
  Pairs dots;                // rows of the layer that reads the products
};

// Rows of dot products: `keys` of the vectors in their order; a key below kBottom has no match.
void PlaceDots(const std::vector<int32_t>& keys, int32_t dimension, Places& places) {
  places.first_vector = keys.empty() ? kBottom : keys[0];
  int32_t row = dimension;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j, ++row) {
      if (keys[i] < kBottom || keys[j] < kBottom) continue;
      places.dots[{std::min(keys[i], keys[j]), std::max(keys[i], keys[j])}] = {row, 1};
    }
  }
}

Places PlacesOf(const plan::ModelShape& shape) {
  Places places;
  places.bottom_layers = plan::TopLayer(shape);
  places.has_dots = plan::HasDots(shape);
  std::vector<int32_t> keys;
  if (places.bottom_layers > 0) {
    keys.push_back(kBottom);
    places.vectors[kBottom] = {0, shape.bottom_units.back()};
  }
  for (const plan::InputField& field : shape.fields) {
    (field.categorical ? places.vectors : places.numeric)[field.column] = {field.first_row,
                                                                           field.rows};
    if (field.categorical) keys.push_back(field.column);
  }
  if (places.has_dots) PlaceDots(keys, shape.embedding_dimension, places);
  return places;
}

Places PlacesOf(const ParentModel& parent, const InputMatch& match) {
  constexpr int32_t kGone = kBottom - 1;
  std::vector<int32_t> column_of(parent.inputs.size(), kGone);
  for (size_t c = 0; c < match.columns.size(); ++c) {
    if (match.columns[c].input >= 0) {
      column_of[match.columns[c].input] = static_cast<int32_t>(c);
    }
  }
  Places places;
  places.bottom_layers = parent.bottom_layers;
  places.has_dots = parent.has_dots;
  std::vector<int32_t> keys;
  if (places.bottom_layers > 0) {
    keys.push_back(kBottom);
    places.vectors[kBottom] = {0, parent.layers[parent.bottom_layers - 1].outputs};
  }
  for (size_t i = 0; i < parent.inputs.size(); ++i) {
    const ParentInput& input = parent.inputs[i];
    if (input.categorical) keys.push_back(column_of[i]);
    if (column_of[i] == kGone) continue;
    (input.categorical ? places.vectors : places.numeric)[column_of[i]] = {input.begin, input.rows};
  }
  if (places.has_dots) PlaceDots(keys, parent.dimension, places);
  return places;
}

// One dense layer on both sides.
struct LayerPair {
  const float* from = nullptr;       // [rows x width]
  const float* from_bias = nullptr;  // [width]
  float* to = nullptr;
  float* to_bias = nullptr;
  int32_t from_rows = 0, width = 0;
};

absl::Status Outside(const std::string& what) {
  return absl::DataLossError(
      absl::StrCat("the weights of the parent do not fit its manifest: ", what));
}

absl::Status CopyRows(const LayerPair& layer, Segment from, Segment to) {
  const int32_t rows = std::min(from.rows, to.rows);
  if (from.begin + rows > layer.from_rows) return Outside("a layer has too few rows");
  std::copy_n(layer.from + static_cast<int64_t>(from.begin) * layer.width,
              static_cast<int64_t>(rows) * layer.width,
              layer.to + static_cast<int64_t>(to.begin) * layer.width);
  return absl::OkStatus();
}

// The formulas of the header, for every unit of the layer.
absl::Status FoldColumn(const LayerPair& layer, const ParentInput& input, Segment from,
                        const data::NumericFit& fit, Segment to) {
  if (from.begin + from.rows > layer.from_rows) return Outside("a layer has too few rows");
  const float* value = layer.from + static_cast<int64_t>(from.begin) * layer.width;
  const float* indicator = input.has_indicator && from.rows > 1 ? value + layer.width : nullptr;
  float* new_value = layer.to + static_cast<int64_t>(to.begin) * layer.width;
  float* new_indicator = to.rows > 1 ? new_value + layer.width : nullptr;
  const double q = input.scale / fit.scale;
  const double d = (fit.centre - input.centre) * input.scale;
  const double p = fit.indicator_present, x = fit.indicator_missing;
  for (int32_t j = 0; j < layer.width; ++j) {
    const double w = value[j], i = indicator != nullptr ? indicator[j] : 0;
    const double present = w * d + i * input.present;
    double bias = present;
    if (new_indicator != nullptr && x != p) {
      const double missing = w * input.fill + i * input.missing;
      const double v = (missing - q * w * fit.fill - present) / (x - p);
      new_indicator[j] = static_cast<float>(v);
      bias = present - v * p;
    }
    new_value[j] = static_cast<float>(q * w);
    layer.to_bias[j] = static_cast<float>(layer.to_bias[j] + bias);
  }
  return absl::OkStatus();
}

class Transfer {
 public:
  Transfer(const ParentModel& parent, const exporting::Safetensors& weights,
           const InputMatch& match, const data::TrainingTable& table, nn::Network& network)
      : parent_(parent),
        weights_(weights),
        match_(match),
        table_(table),
        network_(network),
        from_(PlacesOf(parent, match)),
        to_(PlacesOf(network.shape())) {}

  absl::Status Run() {
    for (size_t t = 0; t < network_.embeddings().size(); ++t) {
      RETURN_IF_ERROR(MoveVectors(static_cast<int32_t>(t)));
    }
    const auto layers = static_cast<int32_t>(network_.layers().size());
    for (int32_t l = 0; l < layers; ++l) {
      const int32_t other = ParentLayer(l);
      if (other < 0) continue;
      LayerPair layer;
      RETURN_IF_ERROR(Open(l, other, layer));
      std::copy_n(layer.from_bias, layer.width, layer.to_bias);
      if (l == 0 || l == to_.bottom_layers) {
        RETURN_IF_ERROR(MoveInputs(l, layer));
      } else {
        RETURN_IF_ERROR(CopyRows(layer, {0, layer.from_rows}, {0, layer.from_rows}));
      }
      if (l + 1 == layers && parent_.target_kind == "regression") CarryTarget(l);
    }
    return absl::OkStatus();
  }

 private:
  // The parent's counterpart of a layer, or -1: bottom layers only where both have them.
  int32_t ParentLayer(int32_t layer) const {
    if (layer >= to_.bottom_layers) return layer - to_.bottom_layers + from_.bottom_layers;
    return from_.bottom_layers > 0 ? layer : -1;
  }

  absl::Status Open(int32_t index, int32_t other, LayerPair& layer) const {
    const plan::LayerShape& shape = parent_.layers[other];
    const std::string name = plan::LayerName(other);
    const auto weight = weights_.tensors.find(name + ".weight");
    const auto bias = weights_.tensors.find(name + ".bias");
    if (weight == weights_.tensors.end() || bias == weights_.tensors.end() ||
        static_cast<int64_t>(weight->second.values.size()) != shape.weights() ||
        static_cast<int64_t>(bias->second.values.size()) != shape.outputs) {
      return Outside(name);
    }
    layer = {weight->second.values.data(),
             bias->second.values.data(),
             network_.weights(index),
             network_.bias(index),
             shape.inputs,
             shape.outputs};
    return absl::OkStatus();
  }

  // The layer that reads numeric inputs, or vectors, or both.
  absl::Status MoveInputs(int32_t index, const LayerPair& layer) const {
    const bool reads_numbers = index == 0;
    const bool reads_vectors = index == to_.bottom_layers;
    // Without bottom layers one layer reads both: the numbers of a parent with them are elsewhere.
    const bool same_place = (to_.bottom_layers > 0) == (from_.bottom_layers > 0);
    if (reads_numbers && same_place) {
      for (const auto& [column, segment] : to_.numeric) {
        const auto found = from_.numeric.find(column);
        if (found == from_.numeric.end()) continue;
        const ParentInput& input = parent_.inputs[match_.columns[column].input];
        RETURN_IF_ERROR(FoldColumn(layer, input, found->second, FitOf(column), segment));
      }
    }
    if (!reads_vectors || to_.has_dots != from_.has_dots) return absl::OkStatus();
    if (!to_.has_dots) {
      for (const auto& [key, segment] : to_.vectors) {
        const auto found = from_.vectors.find(key);
        if (found == from_.vectors.end()) continue;
        RETURN_IF_ERROR(CopyRows(layer, found->second, segment));
      }
      return absl::OkStatus();
    }
    if (to_.first_vector == from_.first_vector) {
      const int32_t rows = std::min(network_.shape().embedding_dimension, parent_.dimension);
      RETURN_IF_ERROR(CopyRows(layer, {0, rows}, {0, rows}));
    }
    for (const auto& [pair, segment] : to_.dots) {
      const auto found = from_.dots.find(pair);
      if (found == from_.dots.end()) continue;
      RETURN_IF_ERROR(CopyRows(layer, found->second, segment));
    }
    return absl::OkStatus();
  }

  const data::NumericFit& FitOf(int32_t column) const {
    size_t index = 0;
    for (const data::FeatureLayout& feature : table_.layout().features) {
      if (feature.column == column) break;
      if (!feature.categorical) ++index;
    }
    return table_.numeric_fits()[index];
  }

  absl::Status MoveVectors(int32_t index) const {
    const nn::EmbeddingTable& embedding = network_.embeddings()[index];
    const ColumnMatch& column = match_.columns[embedding.column];
    if (column.input < 0) return absl::OkStatus();
    const ParentInput& input = parent_.inputs[column.input];
    const auto tensor = weights_.tensors.find(input.tensor);
    if (tensor == weights_.tensors.end() || tensor->second.shape.size() != 2) {
      return Outside(input.tensor);
    }
    const int64_t vocabulary = tensor->second.shape[0], width = tensor->second.shape[1];
    const int64_t dimension = std::min<int64_t>(width, embedding.dimension);
    float* to = network_.table(index);
    for (int64_t code = 0; code < embedding.vocabulary; ++code) {
      const int32_t other = column.codes[code];
      if (other < 0) continue;
      if (other >= vocabulary) return Outside(input.tensor);
      std::copy_n(tensor->second.values.data() + other * width, dimension,
                  to + code * embedding.dimension);
    }
    return absl::OkStatus();
  }

  // y = M' + S' h' = M + S h  =>  h = (S' / S) h' + (M' - M) / S.
  void CarryTarget(int32_t last) {
    const nn::DenseLayer& layer = network_.layers()[last];
    const double scale = parent_.target_stddev / table_.target_stddev();
    const double shift = (parent_.target_mean - table_.target_mean()) / table_.target_stddev();
    float* weights = network_.weights(last);
    for (int64_t i = 0; i < layer.weight_count(); ++i) {
      weights[i] = static_cast<float>(scale * weights[i]);
    }
    float* bias = network_.bias(last);
    for (int32_t j = 0; j < layer.outputs; ++j) {
      bias[j] = static_cast<float>(scale * bias[j] + shift);
    }
  }

  const ParentModel& parent_;
  const exporting::Safetensors& weights_;
  const InputMatch& match_;
  const data::TrainingTable& table_;
  nn::Network& network_;
  const Places from_, to_;
};

std::string WidthsOf(const std::vector<int32_t>& widths) {
  std::string text = "[";
  for (size_t i = 0; i < widths.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", widths[i]);
  return text + "]";
}

// Outputs of layers [begin, end).
template <typename Layers>
std::vector<int32_t> Outputs(const Layers& layers, int32_t begin, size_t end) {
  std::vector<int32_t> widths;
  for (size_t l = begin; l < end; ++l) widths.push_back(layers[l].outputs);
  return widths;
}

}  // namespace

absl::Status CheckTransfer(const ParentModel& parent, const plan::ModelShape& shape) {
  const std::vector<plan::LayerShape> layers = plan::Layers(shape);
  const int32_t bottom = plan::TopLayer(shape);
  const auto compare = [](const char* what, const std::vector<int32_t>& found,
                          const std::vector<int32_t>& expected) {
    if (found == expected) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("warm start: the parent's ", what,
                                                      " layers are ", WidthsOf(found),
                                                      " wide, this model's ", WidthsOf(expected)));
  };
  if (parent.bottom_layers < 0 ||
      static_cast<size_t>(parent.bottom_layers) >= parent.layers.size()) {
    return absl::DataLossError("the parent's manifest has more bottom layers than layers");
  }
  if (bottom > 0 && parent.bottom_layers > 0) {
    RETURN_IF_ERROR(compare("bottom", Outputs(parent.layers, 0, parent.bottom_layers),
                            Outputs(layers, 0, bottom)));
  }
  return compare("top", Outputs(parent.layers, parent.bottom_layers, parent.layers.size()),
                 Outputs(layers, bottom, layers.size()));
}

absl::Status TransferWeights(const ParentModel& parent, const exporting::Safetensors& weights,
                             const InputMatch& match, const data::TrainingTable& table,
                             nn::Network& network) {
  return Transfer(parent, weights, match, table, network).Run();
}

}  // namespace winnow::train
