#include "server/spec/selector_params.h"

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "kernels/selectors/registry.h"
#include "server/spec/enum_text.h"

namespace winnow::spec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using selectors::ParamType;
using selectors::ParamValue;

// The list of whole numbers in a field of type Int32List.
const FieldDescriptor& ListOf(const FieldDescriptor& field) {
  return *field.message_type()->field(0);
}

// "128,64".
std::string ReadList(const Message& list, const FieldDescriptor& values) {
  const auto& reflection = *list.GetReflection();
  std::vector<int32_t> numbers;
  for (int i = 0; i < reflection.FieldSize(list, &values); ++i) {
    numbers.push_back(reflection.GetRepeatedInt32(list, &values, i));
  }
  return absl::StrJoin(numbers, ",");
}

void WriteList(Message& list, const FieldDescriptor& values, const std::string& text) {
  for (const auto& part : absl::StrSplit(text, ',')) {
    int32_t number = 0;
    if (absl::SimpleAtoi(part, &number)) list.GetReflection()->AddInt32(&list, &values, number);
  }
}

ParamValue ReadField(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return int64_t{reflection.GetInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_INT64:
      return int64_t{reflection.GetInt64(message, &field)};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(*field.enum_type(), reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ReadList(reflection.GetMessage(message, &field), ListOf(field));
    default:
      return std::string(reflection.GetString(message, &field));
  }
}

// Whether the field can hold values of the type.
bool Holds(const FieldDescriptor& field, ParamType type) {
  if (field.is_repeated()) return false;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return type == ParamType::kBool;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return type == ParamType::kInt;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return type == ParamType::kDouble;
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return type == ParamType::kString;
    default:
      return false;
  }
}

void WriteField(Message& message, const FieldDescriptor& field, const ParamValue& value) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, std::get<bool>(value));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, static_cast<int32_t>(std::get<int64_t>(value)));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection.SetInt64(&message, &field, std::get<int64_t>(value));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection.SetDouble(&message, &field, std::get<double>(value));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (const auto number = EnumNumber(*field.enum_type(), std::get<std::string>(value))) {
        reflection.SetEnumValue(&message, &field, *number);
      }
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteList(*reflection.MutableMessage(&message, &field), ListOf(field),
                std::get<std::string>(value));
      break;
    default:
      reflection.SetString(&message, &field, std::get<std::string>(value));
  }
}

}  // namespace

plan::SelectorChoice SelectorFromProto(const v1::Selector& selector) {
  plan::SelectorChoice choice;
  const auto& reflection = *selector.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(selector, &set);
  if (set.empty()) return choice;
  choice.name = std::string(set.front()->name());
  const Message& params = reflection.GetMessage(selector, set.front());
  std::vector<const FieldDescriptor*> fields;
  params.GetReflection()->ListFields(params, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) continue;  // no built selector has a list
    ParamValue value = ReadField(params, *field);
    // An enum's zero value means "the server's choice", like an absent field.
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
        std::get<std::string>(value).empty()) {
      continue;
    }
    choice.params[std::string(field->name())] = std::move(value);
  }
  return choice;
}

v1::Selector SelectorToProto(const plan::SelectorChoice& choice) {
  v1::Selector selector;
  const auto* member = v1::Selector::descriptor()->FindFieldByName(choice.name);
  if (member == nullptr) return selector;
  Message& params = *selector.GetReflection()->MutableMessage(&selector, member);
  for (const auto& [name, value] : choice.params) {
    const auto* field = params.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr && Holds(*field, static_cast<ParamType>(value.index()))) {
      WriteField(params, *field, value);
    }
  }
  return selector;
}

std::vector<std::string> CompareRegistryWithProto() {
  std::vector<std::string> differences;
  for (const auto& row : selectors::Registry()) {
    const auto* member = v1::Selector::descriptor()->FindFieldByName(row.name);
    if (member == nullptr) {
      differences.push_back("selector " + row.name + " is not a member of Selector.algorithm");
      continue;
    }
    const Descriptor& message = *member->message_type();
    for (const auto& param : row.params) {
      const auto* field = message.FindFieldByName(param.name);
      const std::string where = row.name + "." + param.name;
      if (field == nullptr) {
        differences.push_back(where + " has no field in " + std::string(message.name()));
      } else if (!Holds(*field, param.type)) {
        differences.push_back(where + " has a field of another type");
      } else if (field->enum_type() != nullptr) {
        for (const std::string& choice : param.choices) {
          if (!EnumNumber(*field->enum_type(), choice)) {
            differences.push_back(where + ": '" + choice + "' is not a value of its enum");
          }
        }
      }
    }
  }
  return differences;
}

}  // namespace winnow::spec
