// The products of a network's dense layers, in f32 or, in a training in bf16, with operands rounded
// to bf16 and sums in f32. Layers of one output stay in f32.
//
// W_hat is the folded W of the masked layer, else W itself; both directions are packed from it, by
// tiles of its rows, so that the task that changes a tile can pack it while it is in cache.
//   forward         Z_l  = h_l W_hat_l            W_hat by rows
//   backward data   dh_l = dZ_l W_hat_l^T         W_hat by columns
//   gradient        G_l  = h_l^T dZ_l             nothing packed
// Of the first layer nobody wants a gradient but those columns of X that hold embeddings; with
// bottom layers or dot products (plan/model_shape.h) the first top layer takes that part, for all
// its inputs.
#ifndef WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_
#define WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/ops/block_sparse.h"
#include "kernels/ops/half_product.h"
#include "kernels/ops/packed_matrix.h"

namespace winnow::nn {

// OWNERSHIP: network outlives this. THREAD-SAFETY: products are const; distinct tiles may be packed
// at a time.
class LayerProducts {
 public:
  // Nothing is packed yet. `backward`: also for dh and dX. `half`: in bf16. RESOURCE_EXHAUSTED
  // without memory. REQUIRES for bf16: ops::HasHalfProducts(), and RowMatrices that have room.
  static absl::StatusOr<LayerProducts> Create(const Network& network, bool backward,
                                              bool half = false);
  LayerProducts() = default;

  // Rows [begin, end) of W_hat of `layer`: row r of `weights` times multipliers[r], both from row
  // 0, weights dense; null multipliers: the rows themselves.
  void Pack(int32_t layer, int32_t begin, int32_t end, const float* weights,
            const float* multipliers = nullptr);
  // A whole layer.
  void Pack(int32_t layer, const float* weights);

  // Layer `layer`, and no other, multiplies with these kept blocks from now on, in single
  // precision, not with what is packed; null: no layer does. OWNERSHIP: they outlive their use.
  void SetBlocks(int32_t layer, const ops::BlockSparseWeights* blocks) {
    block_layer_ = layer;
    blocks_ = blocks;
  }

  // Rows [begin, end), begin even: out = in W_hat, then bias and rectifier as `finish` says.
  void Forward(int32_t layer, int64_t begin, int64_t end, const RowMatrix& in, const RowMatrix& out,
               const ops::ProductEnd& finish) const;
  // dh = dZ W_hat^T where active > 0, times scale; else 0. REQUIRES: layer >= 1, not the first top
  // layer.
  void BackwardData(int32_t layer, int64_t begin, int64_t end, const RowMatrix& dz,
                    const RowMatrix& dh, const RowMatrix& active, float scale) const;
  // Gradient of the input of the first top layer, of X only the columns of embeddings, from that
  // layer's dZ. Call it also without any: it ends the use of that dZ.
  void InputGradient(int64_t begin, int64_t end, const RowMatrix& dz, const RowMatrix& dx) const;
  // Ends the use of dZ of dense_0 where that is a bottom layer, whose inputs have no gradient.
  void EndBottom(int64_t begin, int64_t end, const RowMatrix& dz) const;
  // G of rows [begin, end) of W of `layer`, dense, over `rows` rows of the batch, all of which went
  // through the products above.
  void WeightGradient(int32_t layer, int32_t begin, int32_t end, int64_t rows, const RowMatrix& in,
                      const RowMatrix& dz, float* gradient) const;

 private:
  // The right side of a product in one of both precisions; empty when there is no such product.
  struct Weights {
    ops::PackedMatrix single;
    ops::PackedHalfMatrix half;
    bool is_half = false, exists = false;

    static absl::StatusOr<Weights> Create(int64_t inner, int64_t columns, bool half);
    void PackRows(int64_t begin, int64_t end, const float* b, int64_t ldb, const float* scales);
    void PackColumns(int64_t begin, int64_t end, const float* bt, int64_t ldb, const float* scales);
    // c: where row `begin` of the result begins.
    void Multiply(int64_t begin, int64_t end, const RowMatrix& a, float* c, int64_t ldc,
                  const ops::ProductEnd& finish) const;
  };
  // Columns [begin, end) of the first top layer's input, with a product of their own.
  struct InputRun {
    int32_t begin = 0, end = 0;
    Weights product;
  };

  const ops::BlockSparseWeights* blocks(int32_t layer) const {
    return layer == block_layer_ ? blocks_ : nullptr;
  }
  bool is_half(int32_t layer) const { return forward_[layer].is_half; }

  const Network* network_ = nullptr;
  int32_t block_layer_ = 0;
  const ops::BlockSparseWeights* blocks_ = nullptr;
  std::vector<Weights> forward_;   // by layer
  std::vector<Weights> backward_;  // of the first layer and the first top one none
  std::vector<InputRun> input_runs_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_
