#include "kernels/ops/dense.h"

#include "kernels/ops/dense_narrow.h"
#include "kernels/ops/dense_select.h"

namespace winnow::ops {

void DenseWeightGradient(int64_t rows, int64_t inputs, int64_t outputs, const float* x, int64_t ldx,
                         const float* dz, int64_t ldz, float* g, Isa isa) {
  if (outputs == 1) return DotWeightGradient(rows, inputs, x, ldx, dz, ldz, g);
  GradientProduct p;
  p.rows = rows;
  p.inputs = inputs;
  p.outputs = outputs;
  p.x = x;
  p.ldx = ldx;
  p.dz = dz;
  p.ldz = ldz;
  p.g = g;
  p.ldg = outputs;
  DenseKernelsOf(isa).gradient(p);
}

}  // namespace winnow::ops
