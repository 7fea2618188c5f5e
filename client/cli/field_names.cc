#include "client/cli/field_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace winnow::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;

// LogitOptimizer -> LOGIT_OPTIMIZER_
std::string Prefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char letter : std::string(type.name())) {
    if (absl::ascii_isupper(static_cast<unsigned char>(letter)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(letter));
  }
  return prefix + "_";
}

}  // namespace

std::string ShortName(const EnumValueDescriptor& value) {
  std::string name(value.name());
  const std::string prefix = Prefix(*value.type());
  if (absl::StartsWith(name, prefix)) name = name.substr(prefix.size());
  return absl::AsciiStrToLower(name);
}

std::vector<std::string> ShortNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(ShortName(*type.value(i)));
  }
  return names;
}

const EnumValueDescriptor* FindValue(const EnumDescriptor& type, const std::string& text) {
  const std::string word = absl::AsciiStrToLower(text);
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0) continue;
    if (word == ShortName(*value) || word == absl::AsciiStrToLower(std::string(value->name()))) {
      return value;
    }
  }
  return nullptr;
}

bool IsList(const Descriptor& message) {
  return message.field_count() == 1 && message.field(0)->is_repeated() &&
         message.field(0)->name() == "values";
}

bool IsChoice(const Descriptor& message) {
  return message.real_oneof_decl_count() == 1 && message.field_count() > 1 &&
         message.oneof_decl(0)->field_count() == message.field_count();
}

std::vector<std::string> FieldNames(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.emplace_back(message.field(i)->name());
  return names;
}

}  // namespace winnow::cli
