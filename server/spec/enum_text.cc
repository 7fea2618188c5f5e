#include "server/spec/enum_text.h"

#include "absl/strings/ascii.h"

namespace winnow::spec {
namespace {

// FooBar -> "FOO_BAR_", the prefix that the style of enum values asks for.
std::string Prefix(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return prefix + "_";
}

}  // namespace

std::string EnumText(const google::protobuf::EnumValueDescriptor& value) {
  std::string name(value.name());
  const std::string prefix = Prefix(*value.type());
  if (name.rfind(prefix, 0) == 0) name = name.substr(prefix.size());
  return absl::AsciiStrToLower(name);
}

std::string EnumText(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  return value == nullptr || number == 0 ? "" : EnumText(*value);
}

std::optional<int> EnumNumber(const google::protobuf::EnumDescriptor& type,
                              const std::string& text) {
  const std::string wanted = absl::AsciiStrToLower(text);
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (EnumText(value) == wanted || absl::AsciiStrToLower(std::string(value.name())) == wanted) {
      return value.number();
    }
  }
  return std::nullopt;
}

}  // namespace winnow::spec
