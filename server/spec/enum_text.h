// Enum values as users write them: the value's name without the enum's prefix, in lower case.
// OPTIMIZER_ADAMW of enum Optimizer is "adamw".
#ifndef WINNOW_SERVER_SPEC_ENUM_TEXT_H_
#define WINNOW_SERVER_SPEC_ENUM_TEXT_H_

#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"

namespace winnow::spec {

std::string EnumText(const google::protobuf::EnumValueDescriptor& value);

// Empty for the zero value (UNSPECIFIED) and for numbers that the enum does not have.
std::string EnumText(const google::protobuf::EnumDescriptor& type, int number);

// The value of that name, in either spelling; nothing when the enum has none.
std::optional<int> EnumNumber(const google::protobuf::EnumDescriptor& type,
                              const std::string& text);

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_ENUM_TEXT_H_
