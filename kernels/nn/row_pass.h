// What is done to one block of rows, wherever the rows come from: gather, forward, loss, backward.
//
// Shapes of layer l with n_l inputs and m_l outputs, for the block's rows: h_l [rows x n_l] its
// input, Z_l = h_l W_l + b_l, dZ_l the gradient of the batch loss. W_hat is the folded W of the
// masked layer, else W itself.
//   forward    h_{l+1} = relu(Z_l) for hidden layers (then dropout), logits = Z_L
//   backward   dh_l = dZ_l W_hat_l^T,  dZ_{l-1} = dh_l where h_l > 0;
//              dX = dZ_0 W_hat_0^T for the columns of embeddings alone
// dlrm (plan/model_shape.h): the bottom layers' output joins the embeddings before the first top
// layer, by dot products or side by side, and takes its part of their gradient back.
#ifndef WINNOW_KERNELS_NN_ROW_PASS_H_
#define WINNOW_KERNELS_NN_ROW_PASS_H_

#include <cstdint>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/layer_products.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"

namespace winnow::nn {

// Noise of one training step. Draws are named by step, row and place.
struct StepNoise {
  const RngStream* input_stream = nullptr;  // null: no input noise
  float input_stddev = 0;
  const RngStream* dropout_stream = nullptr;  // null: no dropout
  float dropout = 0;
  uint64_t first_row = 0;  // step x batch size
};

// OWNERSHIP: network and products, packed before each use, outlive this. THREAD-SAFETY: const
// members on distinct rows.
class RowPass {
 public:
  RowPass(const Network& network, const LayerProducts& products);

  // Fills rows [at, at + end - begin) of `rows` from rows [begin, end) of the source.
  void Load(const BatchSource& source, int64_t begin, int64_t end, int thread, bool with_target,
            int64_t at, RowMatrices& rows) const;
  // Adds Gaussian noise to the numeric values of rows [begin, end). `scratch`: dense_width floats.
  void AddNoise(const StepNoise& noise, int64_t begin, int64_t end, float* scratch,
                RowMatrices& rows) const;
  // `noise` may be null.
  void Forward(int64_t begin, int64_t end, const StepNoise* noise, RowMatrices& rows) const;
  // Sum of weighted losses of the rows. With scale > 0 also dZ of the last layer, times scale.
  double Loss(LossKind loss, int64_t begin, int64_t end, float scale, RowMatrices& rows) const;
  // From dZ of the last layer to every other dZ, and dX. `dropout`: the probability that Forward
  // dropped hidden units with.
  void Backward(int64_t begin, int64_t end, float dropout, RowMatrices& rows) const;

 private:
  // `length` neighbouring columns: dense_begin.. of the source are input_begin.. of X.
  struct DenseRun {
    int32_t dense_begin = 0, input_begin = 0, length = 0;
  };
  struct ValueColumn {
    int32_t dense = 0, input = 0;
  };

  void PlanInputs();
  void Join(int64_t begin, int64_t end, RowMatrices& rows) const;
  // From dZ of the first top layer to the gradients of the vectors and of the bottom layers'
  // output.
  void Part(int64_t begin, int64_t end, float scale, RowMatrices& rows) const;

  const Network* network_;
  const LayerProducts* products_;
  std::vector<DenseRun> dense_runs_;
  std::vector<ValueColumn> values_;  // numeric values, without missing indicators
  int64_t dropout_width_ = 0;        // draws a row
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_ROW_PASS_H_
