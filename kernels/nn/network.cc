#include "kernels/nn/network.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/ops/simd.h"
#include "kernels/plan/model_shape.h"

namespace winnow::nn {
namespace {

absl::Status CheckField(const plan::InputField& field, const plan::InputField& laid_out) {
  if (field.first_row != laid_out.first_row) {
    return absl::InvalidArgumentError(absl::StrCat("field of column ", field.column,
                                                   " starts at input ", field.first_row,
                                                   ", expected ", laid_out.first_row));
  }
  const bool sound = field.categorical ? field.rows >= 1 && field.vocabulary >= 1
                                       : field.rows == 1 || field.rows == 2;
  if (!sound) {
    return absl::InvalidArgumentError(absl::StrCat(
        "field of column ", field.column, " has ", field.rows, " inputs",
        field.categorical ? absl::StrCat(" and a vocabulary of ", field.vocabulary) : ""));
  }
  return absl::OkStatus();
}

absl::Status CheckUnits(const plan::ModelShape& shape) {
  for (const std::vector<int32_t>* layers : {&shape.bottom_units, &shape.hidden_units}) {
    for (const int32_t units : *layers) {
      if (units < 1) return absl::InvalidArgumentError("a hidden layer needs at least one unit");
    }
  }
  if (shape.outputs < 1) return absl::InvalidArgumentError("a model needs at least one output");
  return absl::OkStatus();
}

absl::Status CheckKind(const plan::ModelShape& shape) {
  const bool dlrm = shape.kind == plan::ModelKind::kDlrm;
  if (shape.kind != plan::ModelKind::kLinear && shape.kind != plan::ModelKind::kMlp && !dlrm) {
    return absl::UnimplementedError(
        "this kind of model is not built yet; linear, mlp and dlrm are");
  }
  if (shape.kind == plan::ModelKind::kLinear && !shape.hidden_units.empty()) {
    return absl::InvalidArgumentError("a linear model has no hidden layer");
  }
  if (!dlrm && (plan::HasDots(shape) || !shape.bottom_units.empty())) {
    return absl::InvalidArgumentError("bottom layers and dot products belong to dlrm alone");
  }
  return absl::OkStatus();
}

// Dot products need vectors of one width, and what stands for the numeric inputs is one of them.
absl::Status CheckDots(const plan::ModelShape& shape) {
  if (!plan::HasDots(shape)) return absl::OkStatus();
  for (const plan::InputField& field : shape.fields) {
    if (field.categorical && field.rows != shape.embedding_dimension) {
      return absl::InvalidArgumentError(absl::StrCat("field of column ", field.column, " has ",
                                                     field.rows, " dimensions; dot products need ",
                                                     shape.embedding_dimension, " of every field"));
    }
  }
  const int32_t bottom = shape.bottom_units.empty() ? 0 : shape.bottom_units.back();
  if (shape.dense_width > 0 && bottom != shape.embedding_dimension) {
    return absl::InvalidArgumentError(absl::StrCat("the bottom layers end in ", bottom,
                                                   " units; dot products need ",
                                                   shape.embedding_dimension));
  }
  return absl::OkStatus();
}

absl::Status CheckShape(const plan::ModelShape& shape) {
  RETURN_IF_ERROR(CheckKind(shape));
  RETURN_IF_ERROR(CheckUnits(shape));
  plan::ModelShape laid_out = shape;
  plan::LayOut(laid_out);
  for (size_t f = 0; f < shape.fields.size(); ++f) {
    RETURN_IF_ERROR(CheckField(shape.fields[f], laid_out.fields[f]));
  }
  if (laid_out.input_width < 1 || laid_out.top_inputs < 1) {
    return absl::InvalidArgumentError("a model needs at least one input");
  }
  const auto widths = [](const plan::ModelShape& s) {
    return std::tuple(s.input_width, s.dense_width, s.interaction_width, s.top_inputs,
                      s.bottom_units.size());
  };
  if (widths(laid_out) != widths(shape)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "fields have ", laid_out.input_width, " inputs, ", laid_out.dense_width,
        " of them numeric; the shape says ", shape.input_width, " and ", shape.dense_width));
  }
  return CheckDots(shape);
}

// Hands out places in the block of parameters, each on a cache line.
class Places {
 public:
  int64_t Take(int64_t count) {
    const int64_t place = size_;
    size_ += (count + kLine - 1) / kLine * kLine;
    return place;
  }
  int64_t size() const { return size_; }

 private:
  static constexpr int64_t kLine = AlignedBuffer<float>::kAlignment / sizeof(float);
  int64_t size_ = 0;
};

}  // namespace

absl::StatusOr<Network> Network::Create(const plan::ModelShape& shape) {
  RETURN_IF_ERROR(CheckShape(shape));
  Network network;
  network.shape_ = shape;
  network.top_layer_ = plan::TopLayer(shape);
  network.vector_count_ = plan::VectorCount(shape);
  network.vector_stride_ =
      static_cast<int32_t>(ops::RoundUpToLanes(std::max(1, shape.embedding_dimension)));
  Places places;
  for (const plan::InputField& field : shape.fields) {
    if (!field.categorical) continue;
    EmbeddingTable table;
    table.name = absl::StrCat("embedding_", field.column);
    table.column = field.column;
    table.slot = static_cast<int32_t>(network.embeddings_.size());
    table.vocabulary = field.vocabulary;
    table.dimension = field.rows;
    table.first_row = field.first_row;
    table.place = network.has_dots()
                      ? (table.slot + (network.has_bottom() ? 1 : 0)) * network.vector_stride_
                      : field.first_row;
    table.values = places.Take(field.vocabulary * field.rows);
    network.embeddings_.push_back(table);
  }
  for (const plan::LayerShape& extent : plan::Layers(shape)) {
    DenseLayer layer;
    layer.name = plan::LayerName(static_cast<int64_t>(network.layers_.size()));
    layer.inputs = extent.inputs;
    layer.outputs = extent.outputs;
    layer.weights = places.Take(layer.weight_count());
    layer.bias = places.Take(layer.outputs);
    network.layers_.push_back(layer);
  }
  ASSIGN_OR_RETURN(network.data_, AlignedBuffer<float>::Create(places.size()));
  return network;
}

void Network::Init(uint64_t seed, const std::string& stream) {
  for (const EmbeddingTable& embedding : embeddings_) {
    const RngStream random(seed, absl::StrCat(stream, "/", embedding.name, "/table"));
    const double stddev = 1.0 / std::sqrt(embedding.dimension);
    float* values = data_.data() + embedding.values;
    for (int64_t i = 0; i < embedding.vocabulary * embedding.dimension; ++i) {
      values[i] = static_cast<float>(stddev * random.Normal(static_cast<uint64_t>(i)));
    }
  }
  for (const DenseLayer& layer : layers_) {
    const RngStream random(seed, absl::StrCat(stream, "/", layer.name, "/weights"));
    const double limit = std::sqrt(6.0 / (layer.inputs + layer.outputs));
    float* values = data_.data() + layer.weights;
    for (int64_t i = 0; i < layer.weight_count(); ++i) {
      values[i] = static_cast<float>(limit * (2 * random.Uniform(static_cast<uint64_t>(i)) - 1));
    }
    std::fill_n(data_.data() + layer.bias, layer.outputs, 0.0f);
  }
}

int32_t Network::LayerIndex(const std::string& name) const {
  for (size_t l = 0; l < layers_.size(); ++l) {
    if (layers_[l].name == name) return static_cast<int32_t>(l);
  }
  return -1;
}

int64_t Network::parameter_count() const {
  int64_t count = 0;
  for (const EmbeddingTable& table : embeddings_) count += table.vocabulary * table.dimension;
  for (const DenseLayer& layer : layers_) count += layer.weight_count() + layer.outputs;
  return count;
}

std::vector<TensorView> Network::Tensors() const {
  std::vector<TensorView> tensors;
  const auto add = [&](std::string name, std::vector<int64_t> shape, int64_t place) {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    tensors.push_back(
        {std::move(name), std::move(shape), {data_.data() + place, static_cast<size_t>(count)}});
  };
  for (const EmbeddingTable& table : embeddings_) {
    add(table.name + "/table", {table.vocabulary, table.dimension}, table.values);
  }
  for (const DenseLayer& layer : layers_) {
    add(layer.name + "/weights", {layer.inputs, layer.outputs}, layer.weights);
    add(layer.name + "/bias", {layer.outputs}, layer.bias);
  }
  return tensors;
}

absl::Status Network::CheckFinite() const {
  for (const TensorView& tensor : Tensors()) {
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      if (std::isfinite(tensor.values[i])) continue;
      return absl::InternalError(absl::StrCat("element ", i, " of '", tensor.name, "' is ",
                                              tensor.values[i], ", expected a finite number"));
    }
  }
  return absl::OkStatus();
}

void Network::CopyFrom(const Network& other) {
  std::copy_n(other.data_.data(), data_.size(), data_.data());
}

void Network::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  for (const TensorView& tensor : Tensors()) {
    checkpoint.BorrowArray(prefix + "/" + tensor.name, tensor.values);
  }
}

absl::Status Network::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  for (const TensorView& tensor : Tensors()) {
    float* values = data_.data() + (tensor.values.data() - data_.data());
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/" + tensor.name,
                                        std::span<float>(values, tensor.values.size())));
  }
  return absl::OkStatus();
}

}  // namespace winnow::nn
