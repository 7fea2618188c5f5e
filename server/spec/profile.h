// DatasetProfile and SplitSpec between the plain structs and winnow.v1.
#ifndef WINNOW_SERVER_SPEC_PROFILE_H_
#define WINNOW_SERVER_SPEC_PROFILE_H_

#include "kernels/base/dataset_profile.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::spec {

// For people and pipelines: loses what only the trainer needs, so there is no way back.
v1::DatasetProfile ProfileToProto(const DatasetProfile& profile);

v1::Split SplitToProto(const SplitSpec& split);

// Absent fields take the defaults of SplitSpec.
SplitSpec SplitFromProto(const v1::Split& proto);

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_PROFILE_H_
