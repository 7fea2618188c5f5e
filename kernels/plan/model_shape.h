// What follows from a model's fields and layers: places, widths and sizes. The one description of
// the computation that plan, training and export share.
//
//   linear, mlp    X = [numeric inputs and embeddings, in field order] -> layers -> outputs
//   dlrm           N = [numeric inputs] -> bottom layers -> z          d values, d the dimension
//                  V = [z, embeddings in field order]
//                  T -> top layers -> outputs
//     dot          T = [v_0, <v_i, v_j> for i > j]: v_0 is z, or, without numeric fields, the first
//                  embedding (Naumov et al. 2019, arXiv:1906.00091)
//     concat       T = V; without bottom layers T = X as above
// Layers are named dense_0, dense_1, ... from the input: the bottom layers, then the top ones.
// Every layer but the last ends in a rectifier, the last bottom layer too.
#ifndef WINNOW_KERNELS_PLAN_MODEL_SHAPE_H_
#define WINNOW_KERNELS_PLAN_MODEL_SHAPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/plan/plan.h"

namespace winnow::plan {

struct LayerShape {
  int32_t inputs = 0, outputs = 0;
  int64_t weights() const { return static_cast<int64_t>(inputs) * outputs; }
};

// Recomputes places, widths and the number of parameters from the fields, their `rows`, and the
// units. Without numeric fields the bottom layers leave.
void LayOut(ModelShape& shape);

// Of all dense layers, from the input; bottom layers first. REQUIRES: laid out.
std::vector<LayerShape> Layers(const ModelShape& shape);
std::string LayerName(int64_t index);

// Index of the first top layer: the number of bottom layers.
inline int32_t TopLayer(const ModelShape& shape) {
  return static_cast<int32_t>(shape.bottom_units.size());
}
// Categorical fields.
int32_t EmbeddingCount(const ModelShape& shape);
// Vectors of the interaction: embeddings, and z where there are bottom layers.
int32_t VectorCount(const ModelShape& shape);
// Is the input of the first top layer made of dot products?
inline bool HasDots(const ModelShape& shape) { return shape.interaction == Interaction::kDot; }

// Weights that multiply what the field feeds. A dot product counts half to each of its vectors.
int64_t FieldWeights(const ModelShape& shape, const InputField& field);

}  // namespace winnow::plan

#endif  // WINNOW_KERNELS_PLAN_MODEL_SHAPE_H_
