// The one idea behind every gate: the mask folds into the weights of a dense layer.
//
// Symbols: layer Z = X W, X [B x n], W [n x m]; candidates c with multiplier a_c >= 0; c(r, j) =
// candidate of element (r, j) of W, or none (multiplier 1).
//
//   W_hat(r, j) = a_c(r,j) W(r, j)            forward, and dX = dZ W_hat^T
//   G = X^T dZ                                once, without a masked copy of X
//   dW = a o G                                what the optimizer sees
//   da_c = sum over (r, j) of c of W(r, j) G(r, j)
//
// Feature gate: c depends on r alone, all outputs (X diag(a)) W = X (diag(a) W). Chunk gate: the
// same on the rows of an embedding's dimensions. Block gate: c = (r / block_rows) *
// grid_columns + j / block_columns. A multiplier of 0 freezes: no update, no decay, moments
// untouched.
//
// An input that is a product of two gated things, x_r = <a_b u, a_c v>, has the multiplier a_b a_c;
// with S_r = sum over j of W(r, j) G(r, j), by the product rule
//   da_b += a_c S_r,   da_c += a_b S_r               (2 a_b S_r where b = c)
// A mask may sit on several layers at once (the bottom layers and the dot products of dlrm): then
// its gradient is the sum over the layers.
//
// Cost O(n m) each, no pass over the batch; mask_gradient.h has the sums.
#ifndef WINNOW_KERNELS_GATES_WEIGHT_FOLD_H_
#define WINNOW_KERNELS_GATES_WEIGHT_FOLD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/base/candidate.h"
#include "kernels/ops/optimizer.h"

namespace winnow::gates {

// An input field of the first dense layer: rows [first_row, first_row + rows) of its weights.
struct FieldRows {
  int32_t column = 0;  // index in DatasetProfile::columns
  bool categorical = false;
  int32_t first_row = 0;
  int32_t rows = 0;
};

// Where a mask multiplies. A plain value: candidate of element (r, j) = row_base[r] +
// j / column_block; row_base[r] = -1: row r is never gated.
struct WeightFold {
  GateKind kind = GateKind::kFeature;
  int32_t layer = 0;  // index of the dense layer
  int32_t rows = 0, columns = 0;
  int32_t column_block = 0;  // columns that share a candidate; feature and chunk gates: `columns`
  int64_t num_candidates = 0;
  std::vector<int32_t> row_base;
  BlockGrid grid;  // block gate only
  // A second candidate of every row, or -1; empty: none. Only of feature gates.
  std::vector<int32_t> row_second;
  // Candidate of every embedded input (column of V), or -1, where they are not the rows of this
  // layer; empty: they are.
  std::vector<int32_t> input_base;
  // The same mask on further layers.
  std::vector<WeightFold> others;

  int32_t column_blocks() const { return (columns + column_block - 1) / column_block; }
  // Does a multiplier belong to a whole row?
  bool is_by_row() const { return column_block >= columns; }
  // Candidate of element (row, column), or -1.
  int32_t candidate(int32_t row, int32_t column) const {
    return row_base[row] < 0 ? -1 : row_base[row] + column / column_block;
  }
  // Multiplier of a row whose columns share it.
  float row_multiplier(std::span<const float> mask, int32_t row) const {
    if (row_base[row] < 0) return 1.0f;
    const float first = mask[row_base[row]];
    return row_second.empty() || row_second[row] < 0 ? first : first * mask[row_second[row]];
  }
  // True when a mask of 0 on row r's candidate freezes what feeds the row (its embedding dimension)
  // too.
  bool gates_inputs() const { return kind != GateKind::kBlock; }
};

// Rows of a tile of the masked layer near `wanted`: whole blocks where blocks are not too tall, so
// that few runs are cut.
int32_t TileRows(const WeightFold& fold, int32_t wanted);

// Where the parameters of a layer and their moments stand; null: the optimizer has none.
struct LayerParameters {
  float* weights = nullptr;
  float* m = nullptr;
  float* v = nullptr;
};

// W_hat rows [begin, end) from W, both [rows x columns], row-major and dense.
void FoldRows(const WeightFold& fold, std::span<const float> mask, int32_t begin, int32_t end,
              const float* weights, float* folded);

// The optimizer on rows [begin, end), gradient a o G + ridge o W (`ridge` by candidate; empty: 0;
// REQUIRES empty for block gates): elements with a = 0 keep their bits, moments included.
// `weights`, `m`, `v` start at row 0 of the layer, `gradient` (G) at row `begin`; G is overwritten;
// `scratch` has `columns` floats.
void UpdateRows(const WeightFold& fold, std::span<const float> mask, std::span<const float> ridge,
                int32_t begin, int32_t end, const ops::OptimizerStep& step, float* gradient,
                float* weights, float* m, float* v, float* scratch);

// out[c] = sqrt(sum over (r, j) of c of (row_scale[r] W(r, j))^2); an empty row_scale is 1: the
// Frobenius norm. A row of two candidates counts for both; the fold's `others` do not count. For
// ModelProbe.
void RegionNorms(const WeightFold& fold, const float* weights, std::span<const float> row_scale,
                 std::span<float> out);

}  // namespace winnow::gates

#endif  // WINNOW_KERNELS_GATES_WEIGHT_FOLD_H_
