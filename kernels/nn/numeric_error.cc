#include "kernels/nn/numeric_error.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

namespace winnow::nn {
namespace {

// "row 3, column 5 of <name> is inf", or empty when all are finite.
std::string FindInRows(const RowMatrix& matrix, int64_t rows, int64_t columns,
                       const std::string& name) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float value = matrix.row(i)[j];
      if (!std::isfinite(value)) {
        return absl::StrCat("row ", i, ", column ", j, " of ", name, " is ", value);
      }
    }
  }
  return "";
}

std::string FindInVector(const AlignedBuffer<float>& values, int64_t rows,
                         const std::string& name) {
  for (int64_t i = 0; i < rows; ++i) {
    if (!std::isfinite(values[i])) return absl::StrCat(name, " of row ", i, " is ", values[i]);
  }
  return "";
}

std::string FindCulprit(const Network& network, const RowMatrices& rows, int64_t row_count) {
  const absl::Status parameters = network.CheckFinite();
  if (!parameters.ok()) return std::string(parameters.message());
  std::string found =
      FindInRows(rows.layer_input(0), row_count, network.layers()[0].inputs, "the batch's inputs");
  if (found.empty()) found = FindInVector(rows.target, row_count, "the target");
  if (found.empty()) found = FindInVector(rows.weight, row_count, "the sample weight");
  for (size_t l = 0; found.empty() && l < network.layers().size(); ++l) {
    const DenseLayer& layer = network.layers()[l];
    found = FindInRows(rows.output[l], row_count, layer.outputs,
                       absl::StrCat("the output of '", layer.name, "'"));
  }
  return found.empty() ? "every tensor is finite, their sum is not" : found;
}

}  // namespace

absl::Status NonFiniteLoss(int64_t step, double loss, const Network& network,
                           const RowMatrices& rows, int64_t row_count) {
  return absl::InternalError(absl::StrCat("training step ", step, ": the loss is ", loss, "; ",
                                          FindCulprit(network, rows, row_count)));
}

}  // namespace winnow::nn
