// The dense layers of a network as products with packed weights: forward and backward-data.
//
// W_hat is the folded W of the masked layer, else W itself; both directions are packed from it, by
// tiles of its rows, so that the task that changes a tile can pack it while it is in cache.
//   forward         Z_l  = h_l W_hat_l            W_hat by rows
//   backward data   dh_l = dZ_l W_hat_l^T         W_hat by columns
// Of the first layer only the columns of X that hold embeddings have a gradient.
#ifndef WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_
#define WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/ops/packed_matrix.h"

namespace winnow::nn {

// OWNERSHIP: network outlives this. THREAD-SAFETY: products are const; distinct tiles may be packed
// at a time.
class LayerProducts {
 public:
  // Nothing is packed yet. `backward`: also for dh and dX.
  static absl::StatusOr<LayerProducts> Create(const Network& network, bool backward);
  LayerProducts() = default;

  // Rows [begin, end) of W_hat of `layer`; `weights` is its row 0, dense.
  void Pack(int32_t layer, int32_t begin, int32_t end, const float* weights);
  // A whole layer.
  void Pack(int32_t layer, const float* weights);

  // Rows [begin, end): out = in W_hat, then bias and rectifier as `finish` says.
  void Forward(int32_t layer, int64_t begin, int64_t end, const RowMatrix& in, const RowMatrix& out,
               const ops::ProductEnd& finish) const;
  // dh = dZ W_hat^T where active > 0, times scale; else 0. REQUIRES: layer >= 1.
  void BackwardData(int32_t layer, int64_t begin, int64_t end, const RowMatrix& dz,
                    const RowMatrix& dh, const RowMatrix& active, float scale) const;
  // dX of the columns of embeddings.
  void InputGradient(int64_t begin, int64_t end, const RowMatrix& dz, const RowMatrix& dx) const;

 private:
  // Columns [begin, end) of X, with a product of their own.
  struct InputRun {
    int32_t begin = 0, end = 0;
    ops::PackedMatrix product;
  };

  const Network* network_ = nullptr;
  std::vector<ops::PackedMatrix> forward_, backward_;  // by layer; of the first no backward
  std::vector<InputRun> input_runs_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_LAYER_PRODUCTS_H_
