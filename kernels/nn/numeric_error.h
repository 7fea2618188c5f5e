// Says where a loss stopped being a number.
#ifndef WINNOW_KERNELS_NN_NUMERIC_ERROR_H_
#define WINNOW_KERNELS_NN_NUMERIC_ERROR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kernels/nn/network.h"
#include "kernels/nn/row_matrices.h"

namespace winnow::nn {

// INTERNAL: "training step 12: the loss is nan; ...", naming the first tensor, in the order of the
// computation, that holds a number that is not finite: a parameter, the inputs, targets, sample
// weights, or the output of a layer; of inputs and outputs also row and column.
absl::Status NonFiniteLoss(int64_t step, double loss, const Network& network,
                           const RowMatrices& rows, int64_t row_count);

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_NUMERIC_ERROR_H_
