// One optimizer step on a run of parameters, in place.
//
//   theta, g   parameter and gradient of the mean batch loss     eta   learning rate (of the step)
//   lambda     decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, Alg. 2)
//   t          number of this step, from 1
//
//   SGD        u = mu u + g;                     theta -= eta lambda theta + eta u
//   Adam       m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//              theta -= eta lambda theta + eta (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//   Adagrad    s = s + g^2;                      theta -= eta lambda theta + eta g / (sqrt(s) +
//   eps)
// (Kingma & Ba 2015, arXiv:1412.6980, Alg. 1; AdamW is Adam with lambda > 0. Duchi, Hazan & Singer
// 2011, JMLR 12, diagonal form, as torch.optim.Adagrad with lr_decay 0 and a first s of 0.)
//
// Lazy rows: an embedding row that no row of the batch refers to is left alone: no moment decay, no
// weight decay, no update; a row's gradient is the sum over the rows of the batch that refer to it.
// The bias correction uses the step number of the run, not of the row. That is
// torch.optim.SparseAdam (which adds eps before the bias correction of v: the two differ by eps
// alone) and torch.optim.Adagrad with sparse gradients; for plain SGD and Adagrad without decay
// lazy and dense are the same. Adam on dense rows moves every row of a table in every step, as
// torch.optim.Adam does: its momentum goes on.
#ifndef WINNOW_KERNELS_OPS_OPTIMIZER_H_
#define WINNOW_KERNELS_OPS_OPTIMIZER_H_

#include <cstdint>

namespace winnow::ops {

enum class OptimizerKind { kSgd, kAdam, kAdagrad };

struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::kAdam;
  double momentum = 0.0;  // mu of SGD
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;  // kAdagrad: kAdagradEpsilon
  bool lazy_rows = true;  // false: kAdam moves all rows of a table in every step
};

inline constexpr double kAdagradEpsilon = 1e-10;

// Moments per parameter that the optimizer keeps: Adam 2, Adagrad 1, SGD 1 with momentum, else 0.
int MomentCount(const OptimizerSettings& settings);

// The constants of one step, rounded to float once, so that every tile uses the same ones.
struct OptimizerStep {
  OptimizerKind kind = OptimizerKind::kAdam;
  float rate = 0;          // SGD, Adagrad: eta; Adam: eta / (1 - b1^t)
  float keep = 1;          // 1 - eta lambda
  float momentum = 0;      // mu, or b1
  float gain = 1;          // 1, or 1 - b1
  float square_decay = 0;  // b2
  float square_gain = 0;   // 1 - b2
  float square_scale = 1;  // 1 / sqrt(1 - b2^t)
  float epsilon = 0;
};

// REQUIRES: step_number >= 1.
OptimizerStep MakeOptimizerStep(const OptimizerSettings& settings, int64_t step_number,
                                double learning_rate, double weight_decay);

// All updates are elementwise: the same bytes for any cut of the range and any instruction set.
// `m`, `v` hold the moments, Adagrad's s in `m`; null where MomentCount says there are none.

// theta[i] for i in [0, n), gradient scale * g[i].
void OptimizerUpdate(const OptimizerStep& step, int64_t n, float scale, const float* g,
                     float* theta, float* m, float* v);

// Gradient scales[i] * g[i]; where scales[i] is 0 nothing changes: theta, m and v keep their bits.
void OptimizerUpdateScaled(const OptimizerStep& step, int64_t n, const float* scales,
                           const float* g, float* theta, float* m, float* v);

// Rows of `columns` parameters without gaps, row r with the gradient scales[r] * g. REQUIRES: no
// scale is 0.
void OptimizerUpdateByRow(const OptimizerStep& step, int64_t rows, int64_t columns,
                          const float* scales, const float* g, float* theta, float* m, float* v);

// Rows codes[r] of a table [. x dim], r in [0, count), gradient g[r * dim + d]. The codes are
// distinct. Dimensions with live[d] = 0 keep their bits; null: all are live.
void OptimizerUpdateRows(const OptimizerStep& step, int64_t count, int64_t dim,
                         const int32_t* codes, const float* live, const float* g, float* theta,
                         float* m, float* v);

// Rows [begin, end) of a table [. x dim]: row codes[r] has gradient g[r * dim + d], r in [0,
// count), every other row gradient 0. REQUIRES: the codes are in [begin, end). REQUIRES and
// ENSURES: slots[c] = -1 for every code c.
void OptimizerUpdateTable(const OptimizerStep& step, int64_t begin, int64_t end, int64_t count,
                          int64_t dim, const int32_t* codes, int32_t* slots, const float* live,
                          const float* g, float* theta, float* m, float* v);

namespace ref {
// One element. m and v may be null as above.
void OptimizerUpdate(const OptimizerStep& step, float g, float* theta, float* m, float* v);
}  // namespace ref

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_OPTIMIZER_H_
