// How job files and schemas spell the contract: the rules in the head of dataset_schema.proto, by
// descriptor.
#ifndef WINNOW_CLIENT_CLI_FIELD_NAMES_H_
#define WINNOW_CLIENT_CLI_FIELD_NAMES_H_

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace winnow::cli {

// Rule 1: an enum value in lower case without its prefix: KIND_NUMERIC of Kind is "numeric".
std::string ShortName(const google::protobuf::EnumValueDescriptor& value);
// All of them but UNSPECIFIED.
std::vector<std::string> ShortNames(const google::protobuf::EnumDescriptor& type);
// The value spelt short or in full, in any case. UNSPECIFIED is not one: absence says that.
const google::protobuf::EnumValueDescriptor* FindValue(const google::protobuf::EnumDescriptor& type,
                                                       const std::string& text);

// Rule 2: exactly one field, repeated and called `values`.
bool IsList(const google::protobuf::Descriptor& message);
// Rule 3: all fields are members of one oneof.
bool IsChoice(const google::protobuf::Descriptor& message);

std::vector<std::string> FieldNames(const google::protobuf::Descriptor& message);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_FIELD_NAMES_H_
