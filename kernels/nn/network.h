// The parameters of a model: embedding tables and dense layers in one aligned block of floats.
//
//   x = [numeric inputs and embedding rows, in field order]           input_width
//   h_0 = x;  h_{l+1} = relu(h_l W_l + b_l);  logits = h_L W_L + b_L   layers dense_0 .. dense_L
// ModelKind::kLinear has no hidden layer. dlrm: h_0 = the numeric inputs up to the bottom layers'
// output, then the first top layer reads what plan/model_shape.h says. W_l is stored [inputs x
// outputs], row-major.
//
// Initial values. Dense: Glorot-uniform, U(-c, c) with c = sqrt(6 / (inputs + outputs)); biases 0.
// Embeddings: N(0, 1/d) for a field of d dimensions. So a field's row has squared length 1 on
// average, as a standardised numeric input has, whatever its dimension: contributions of fields
// start comparable, and so do their gates (a_i e_i does not change under a -> c a, e -> e / c;
// equal scales at the start and equal decay keep that freedom from deciding a selection). It is the
// counterpart of one-hot columns standardised and divided by sqrt(number of columns of the field).
// Every value is a function of (seed, stream, tensor, element index) alone.
#ifndef WINNOW_KERNELS_NN_NETWORK_H_
#define WINNOW_KERNELS_NN_NETWORK_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/checkpoint.h"
#include "kernels/plan/plan.h"

namespace winnow::nn {

// Where a dense layer stands in the parameters.
struct DenseLayer {
  std::string name;  // "dense_0"
  int32_t inputs = 0, outputs = 0;
  int64_t weights = 0, bias = 0;  // offsets into parameters()
  int64_t weight_count() const { return static_cast<int64_t>(inputs) * outputs; }
};

// Where an embedding table stands; row v is the embedding of code v.
struct EmbeddingTable {
  std::string name;    // "embedding_3": index of the column
  int32_t column = 0;  // index in DatasetProfile::columns
  int32_t slot = 0;    // position among the categorical fields of the model: column of the codes
  int64_t vocabulary = 0;
  int32_t dimension = 0;
  int32_t first_row = 0;  // see plan::InputField
  int32_t place = 0;      // column of its vector in the matrix of a batch: see vector_stride()
  int64_t values = 0;     // offset into parameters(), [vocabulary x dimension]
};

// A tensor by name, for export and messages.
struct TensorView {
  std::string name;  // "dense_0/weights", "dense_0/bias", "embedding_3/table"
  std::vector<int64_t> shape;
  std::span<const float> values;
};

// Movable and explicitly copied. THREAD-SAFETY: as a plain struct of floats.
class Network {
 public:
  // All parameters 0. UNIMPLEMENTED for kinds other than linear, mlp and dlrm; INVALID_ARGUMENT for
  // a shape that contradicts itself; RESOURCE_EXHAUSTED when there is no memory for it.
  static absl::StatusOr<Network> Create(const plan::ModelShape& shape);

  Network(Network&&) noexcept = default;
  Network& operator=(Network&&) noexcept = default;

  // `stream` is a fixed name of the program such as "init/select"; tensors draw from
  // "<stream>/<tensor name>".
  void Init(uint64_t seed, const std::string& stream);

  const plan::ModelShape& shape() const { return shape_; }
  const std::vector<DenseLayer>& layers() const { return layers_; }
  const std::vector<EmbeddingTable>& embeddings() const { return embeddings_; }
  // Index of the first top layer: 0 without bottom layers.
  int32_t top_layer() const { return top_layer_; }
  bool has_bottom() const { return top_layer_ > 0; }
  bool has_dots() const { return shape_.interaction == plan::Interaction::kDot; }
  // The vectors of a row of a batch stand side by side; those of dot products this many floats from
  // one to the next, in whole vectors of lanes.
  int32_t vector_stride() const { return vector_stride_; }
  int32_t vector_count() const { return vector_count_; }
  // Index of a layer by name ("dense_0"), or -1.
  int32_t LayerIndex(const std::string& name) const;

  // The whole block; between tensors there is padding that stays 0. 64-byte aligned, as is every
  // tensor.
  std::span<float> parameters() { return {data_.data(), static_cast<size_t>(data_.size())}; }
  std::span<const float> parameters() const {
    return {data_.data(), static_cast<size_t>(data_.size())};
  }
  float* weights(int32_t layer) { return data_.data() + layers_[layer].weights; }
  const float* weights(int32_t layer) const { return data_.data() + layers_[layer].weights; }
  float* bias(int32_t layer) { return data_.data() + layers_[layer].bias; }
  const float* bias(int32_t layer) const { return data_.data() + layers_[layer].bias; }
  float* table(int32_t index) { return data_.data() + embeddings_[index].values; }
  const float* table(int32_t index) const { return data_.data() + embeddings_[index].values; }

  // Number of parameters, without padding.
  int64_t parameter_count() const;
  // All tensors in storage order. The spans live as long as this network.
  std::vector<TensorView> Tensors() const;
  // INTERNAL with the tensor's name and element when a parameter is not finite.
  absl::Status CheckFinite() const;

  // REQUIRES: the same shape.
  void CopyFrom(const Network& other);
  // Sections prefix + "/" + tensor name, borrowed: unchanged and alive as long as the checkpoint.
  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  Network() = default;

  plan::ModelShape shape_;
  std::vector<DenseLayer> layers_;
  std::vector<EmbeddingTable> embeddings_;
  int32_t top_layer_ = 0, vector_stride_ = 0, vector_count_ = 0;
  AlignedBuffer<float> data_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_NETWORK_H_
