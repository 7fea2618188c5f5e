// The registry's tables as winnow.v1.Capabilities: one source for validation, help and
// documentation.
#ifndef WINNOW_SERVER_SPEC_CAPABILITIES_H_
#define WINNOW_SERVER_SPEC_CAPABILITIES_H_

#include "winnow/v1/system.pb.h"

namespace winnow::spec {

// Selectors (those of the registry as built, the other members of the contract as not built),
// models, tasks and metrics. Version, instruction set and limits are the server's to fill in.
v1::Capabilities AlgorithmCapabilities();

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_CAPABILITIES_H_
