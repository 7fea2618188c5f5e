// The matrices with one row per row of a batch: inputs, activations and their gradients.
//
// Row strides are multiples of ops::kLanes, but not of 1 KiB (ops::PaddedStride), and ops::kLanes
// floats after the last row can be read, as kernels/ops asks for.
#ifndef WINNOW_KERNELS_NN_ROW_MATRICES_H_
#define WINNOW_KERNELS_NN_ROW_MATRICES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/nn/network.h"
#include "kernels/ops/half.h"

namespace winnow::nn {

// A view of a row-major matrix; in a training in bf16 with room for both layouts of ops/half.h.
struct RowMatrix {
  float* data = nullptr;
  int64_t stride = 0;
  ops::Half* half = nullptr;  // by rows; null in f32
  ops::Half* pairs = nullptr;
  float* row(int64_t i) const { return data + i * stride; }
  ops::Half* half_row(int64_t i) const { return half + i * stride; }
};

class RowMatrices {
 public:
  // For up to `rows` rows; gradients only when `backward`, bf16 layouts only when `half`.
  static absl::StatusOr<RowMatrices> Create(const Network& network, int64_t rows, bool backward,
                                            bool half = false);

  RowMatrix input;                  // X, or with bottom layers the numeric inputs N
  RowMatrix dense;                  // numeric inputs as the source gives them; null: straight to X
  RowMatrix vectors;                // where embeddings are gathered: X, or V
  RowMatrix top;                    // input of the first top layer: X, V or T
  std::vector<RowMatrix> output;    // of layer l, after the activation; the last: logits
  std::vector<RowMatrix> gradient;  // dZ of layer l; empty without backward
  RowMatrix top_gradient;           // d(top); null without backward or when nobody wants it
  RowMatrix vector_gradient;        // d(vectors), of embeddings and of the bottom layers' output
  AlignedBuffer<int32_t> codes;     // [rows x categorical fields]
  AlignedBuffer<float> target, weight;  // [rows]
  int64_t code_stride = 0;

  // Input of layer l.
  const RowMatrix& layer_input(int32_t layer) const {
    if (layer == top_layer_) return top;
    return layer == 0 ? input : output[layer - 1];
  }

 private:
  int32_t top_layer_ = 0;
  AlignedBuffer<float> storage_;
  AlignedBuffer<ops::Half> half_storage_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_ROW_MATRICES_H_
