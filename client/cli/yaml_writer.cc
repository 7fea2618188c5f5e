#include "client/cli/yaml_writer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/field_names.h"
#include "google/protobuf/descriptor.h"
#include "yaml-cpp/yaml.h"

namespace winnow::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A double as the shortest text that reads back as the same number; whole numbers without exponent.
std::string DoubleText(double value) {
  constexpr double kLongestWhole = 1e15;
  if (value == std::floor(value) && std::fabs(value) < kLongestWhole) {
    return absl::StrCat(static_cast<int64_t>(value));
  }
  for (int digits = 1; digits < 17; ++digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) return text;
  }
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

class Writer {
 public:
  void Write(const Message& message, bool top) {
    const auto& type = *message.GetDescriptor();
    if (IsList(type)) return WriteList(message, *type.field(0));
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    if (!top && IsBare(message)) {
      out_ << std::string(fields[0]->name());
      return;
    }
    if (!top && CountValues(message) <= kMostInLine) out_ << YAML::Flow;
    out_ << YAML::BeginMap;
    for (const FieldDescriptor* field : fields) {
      out_ << YAML::Key << std::string(field->name()) << YAML::Value;
      WriteField(message, *field);
    }
    out_ << YAML::EndMap;
  }

  std::string text() const { return absl::StrCat(out_.c_str(), "\n"); }

 private:
  static constexpr size_t kMostInLine = 6;

  static bool IsEmpty(const Message& message, const FieldDescriptor& field) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
    std::vector<const FieldDescriptor*> fields;
    const Message& value = message.GetReflection()->GetMessage(message, &field);
    value.GetReflection()->ListFields(value, &fields);
    return fields.empty();
  }

  // A member of a choice without settings: written as its bare name.
  static bool IsBare(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return IsChoice(*message.GetDescriptor()) && fields.size() == 1 && IsEmpty(message, *fields[0]);
  }

  // Values in the message, a list counting as one; more than kMostInLine where a map or a list of
  // messages is among them, which never stand in one line.
  static size_t CountValues(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    size_t count = 0;
    for (const FieldDescriptor* field : fields) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        ++count;
      } else if (field->is_repeated()) {
        count += kMostInLine + 1;
      } else {
        const Message& value = message.GetReflection()->GetMessage(message, field);
        count += std::max<size_t>(1, CountValues(value));
      }
    }
    return count;
  }

  void WriteField(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_map()) return WriteMap(message, field);
    if (field.is_repeated()) return WriteList(message, field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return Write(reflection.GetMessage(message, &field), /*top=*/false);
    }
    WriteScalar(message, field, -1);
  }

  void WriteList(const Message& message, const FieldDescriptor& field) {
    const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!nested) out_ << YAML::Flow;
    out_ << YAML::BeginSeq;
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (nested) {
        Write(reflection.GetRepeatedMessage(message, &field, i), /*top=*/false);
      } else {
        WriteScalar(message, field, i);
      }
    }
    out_ << YAML::EndSeq;
  }

  void WriteMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    std::map<std::string, const Message*> entries;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries[entry.GetReflection()->GetString(entry, field.message_type()->map_key())] = &entry;
    }
    const FieldDescriptor& value = *field.message_type()->map_value();
    out_ << YAML::BeginMap;
    for (const auto& [key, entry] : entries) {
      out_ << YAML::Key;
      WriteText(key);
      out_ << YAML::Value;
      WriteField(*entry, value);
    }
    out_ << YAML::EndMap;
  }

  void WriteText(const std::string& text) {
    // Quotes keep a text from being read back as a number, a truth value or null, and a carriage
    // return in it from being read as the end of the line.
    const bool plain = !text.empty() && absl::ascii_isalpha(static_cast<unsigned char>(text[0])) &&
                       std::none_of(text.begin(), text.end(), [](char c) {
                         return absl::ascii_iscntrl(static_cast<unsigned char>(c));
                       });
    static constexpr const char* kWords[] = {"null", "true", "false", "yes", "no", "on", "off"};
    bool word = false;
    for (const char* known : kWords) word = word || absl::AsciiStrToLower(text) == known;
    if (!plain || word) out_ << YAML::DoubleQuoted;
    out_ << text;
  }

  // Element `index` of a repeated field, or the field when it is negative.
  void WriteScalar(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& r = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        out_ << ShortName(
            *(one ? r.GetEnum(message, &field) : r.GetRepeatedEnum(message, &field, index)));
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ << (one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index));
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        out_ << (one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index));
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        out_ << (one ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index));
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        out_ << DoubleText(one ? r.GetDouble(message, &field)
                               : r.GetRepeatedDouble(message, &field, index));
        return;
      default:
        WriteText(one ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index));
    }
  }

  YAML::Emitter out_;
};

}  // namespace

std::string YamlText(const Message& message) {
  Writer writer;
  writer.Write(message, /*top=*/true);
  return writer.text();
}

}  // namespace winnow::cli
