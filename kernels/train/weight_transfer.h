// The parameters of an earlier model carried over to a network of another table.
//
// The function is kept where the inputs are the same ones. A numeric column that entered the parent
// as z' = (t - m') s' enters here as z = (t - m) s, so z' = q z + d with q = s' / s, d = (m - m')
// s'. With the parent's weights w' of the value and i' of the missing indicator (values p' present,
// x' missing; here p, x), a missing value entering as f' and f:
//   w = q w'
//   i = (w' f' + i' x' - w f - w' d - i' p') / (x - p)      only where there is an indicator here
//   b += w' d + i' p' - i p
// (bounds of z apart, which a matched column seldom meets: see input_match.h). Vectors move with
// their value. The output of a regression, y = M + S h, is carried to this table's M and S.
// Rows of the first layers that belong to new inputs, and the vectors of new values, keep what they
// have. Dot products are matched by the pair of their vectors.
#ifndef WINNOW_KERNELS_TRAIN_WEIGHT_TRANSFER_H_
#define WINNOW_KERNELS_TRAIN_WEIGHT_TRANSFER_H_

#include "absl/status/status.h"
#include "kernels/data/training_table.h"
#include "kernels/export/safetensors.h"
#include "kernels/nn/network.h"
#include "kernels/train/input_match.h"
#include "kernels/train/parent_model.h"

namespace winnow::train {

// OK, or FAILED_PRECONDITION with what was found and what was expected: the layers that both models
// have must be equally wide. Bottom layers that one of them lacks do not matter.
absl::Status CheckTransfer(const ParentModel& parent, const plan::ModelShape& shape);

// Overwrites the parameters of `network`, initialised as usual, with those of the parent.
// `weights` are the tensors of the parent. DATA_LOSS when they do not fit its manifest.
// REQUIRES: CheckTransfer is OK; `match` is of this parent and this table.
absl::Status TransferWeights(const ParentModel& parent, const exporting::Safetensors& weights,
                             const InputMatch& match, const data::TrainingTable& table,
                             nn::Network& network);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_WEIGHT_TRANSFER_H_
