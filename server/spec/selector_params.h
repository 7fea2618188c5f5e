// Parameters of a selector: its proto message <-> the values of the registry's table, by field
// name.
#ifndef WINNOW_SERVER_SPEC_SELECTOR_PARAMS_H_
#define WINNOW_SERVER_SPEC_SELECTOR_PARAMS_H_

#include <vector>

#include "kernels/plan/plan.h"
#include "kernels/plan/spec.h"
#include "winnow/v1/selector.pb.h"

namespace winnow::spec {

// The chosen algorithm and every field that is present. Enums become their text ("adam").
plan::SelectorChoice SelectorFromProto(const v1::Selector& selector);

// REQUIRES: every parameter is a field of the algorithm's message with a matching type; a test
// compares the registry with the messages.
v1::Selector SelectorToProto(const plan::SelectorChoice& choice);

// Differences between the registry's tables and the messages of the contract, one sentence each;
// empty when they agree. Every row must have a message, every parameter a field of the same type.
std::vector<std::string> CompareRegistryWithProto();

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_SELECTOR_PARAMS_H_
