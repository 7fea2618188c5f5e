// manifest.json: how raw values become the inputs of the exported model, and how its tensors are
// put together, so that the model can be rebuilt without this program.
//
//   x = [inputs in the order listed]   rows [begin, end) of x belong to an input
//     numeric      z = clamp((t(v) - centre) * scale, -bound, bound), t the stateless transform;
//                  quantile: of the rank of v among `cuts`; a missing value gives `fill`; with two
//                  rows, the second is the missing indicator
//     categorical  row `code` of its table; value i of `values` has code i + 1, code 0 is missing
//     or
//                  unknown; codes in `unknown_codes` are replaced by 0; a hashed column has no
//                  values: its code is 1 + hash % (vocabulary - 1)
//   h_0 = x;  h_{l+1} = relu(h_l W_l + b_l);  the last layer has no relu;  W_l is [inputs, outputs]
//   dlrm: `interaction` {kind, bottom_layers, dimension, vectors}. With bottom layers or kind dot,
//   x
//     holds the numeric inputs alone; the first `bottom_layers` layers make z of it, and the rows
//     of a categorical input are columns of v = [z, embeddings] (without bottom layers: no z). The
//     next layer reads v (concat), or v's first `dimension` columns and the dot products <v_i, v_j>
//     of its `vectors` vectors, i > j, in the order (1, 0), (2, 0), (2, 1), ... (dot)
//   binary: p = sigmoid(h);  multiclass: p = softmax(h);  regression: y = mean + stddev * h
#ifndef WINNOW_KERNELS_EXPORT_MANIFEST_H_
#define WINNOW_KERNELS_EXPORT_MANIFEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/base/selection.h"
#include "kernels/data/training_table.h"
#include "kernels/plan/plan.h"
#include "nlohmann/json.hpp"

namespace winnow::exporting {

// "embedding.<column>": the table of a categorical column, [vocabulary, dimension].
std::string EmbeddingTensorName(const std::string& column);

// "standardize", ...
const char* TransformName(Transform transform);

struct ManifestInput {
  const plan::ModelShape* shape = nullptr;     // of the exported model
  const data::TrainingTable* table = nullptr;  // fitted
  const CandidateSet* candidates = nullptr;
  const Selection* selection = nullptr;
  std::string dictionaries_path;  // dictionaries.bin; `values` are null where there is no such file
};

// DATA_LOSS for a damaged dictionaries file.
absl::StatusOr<nlohmann::ordered_json> ManifestJson(const ManifestInput& input);

}  // namespace winnow::exporting

#endif  // WINNOW_KERNELS_EXPORT_MANIFEST_H_
