// The profile that the store keeps of an ACTIVE dataset.
#ifndef WINNOW_SERVER_RPC_PROFILE_TEXT_H_
#define WINNOW_SERVER_RPC_PROFILE_TEXT_H_

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"
#include "server/domain/dataset.h"

namespace winnow::rpc {

// REQUIRES: the dataset is ACTIVE. DATA_LOSS DATA_CORRUPT when the stored text is not a profile.
absl::StatusOr<DatasetProfile> ParseProfile(const domain::Dataset& dataset);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_PROFILE_TEXT_H_
