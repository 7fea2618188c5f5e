#include "client/cli/spec_mapper.h"

#include <cstdint>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/field_names.h"
#include "client/cli/suggest.h"
#include "client/cli/yaml_value.h"
#include "google/protobuf/descriptor.h"

namespace winnow::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string Join(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

class Mapper {
 public:
  explicit Mapper(const Origin& origin) : origin_(origin) {}

  void Fill(const YAML::Node& node, const std::string& path, Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    if (IsChoice(type) && node.IsScalar() && !IsNothing(node)) return Choose(node, path, message);
    if (IsList(type) && node.IsSequence()) return SetList(*type.field(0), node, path, message);
    if (!node.IsMap()) return Expected(IsList(type) ? "a list" : "a mapping", node, path);
    std::set<std::string> seen;
    const size_t before = violations_.size();
    for (const auto& entry : node) SetKey(entry.first, entry.second, path, seen, message);
    const auto* choice = IsChoice(type) ? type.oneof_decl(0) : nullptr;
    if (choice != nullptr && violations_.size() == before &&
        !message.GetReflection()->HasOneof(message, choice)) {
      Report(path, NothingChosen(seen, type), node);
    }
  }

  std::vector<client::FieldViolation> TakeViolations() { return std::move(violations_); }

 private:
  void Report(const std::string& path, const std::string& text, const YAML::Node& node) {
    violations_.push_back(
        {path.empty() ? "(file)" : path, absl::StrCat(text, origin_(node, path))});
  }

  void Expected(const std::string& what, const YAML::Node& node, const std::string& path) {
    Report(path, absl::StrCat("expected ", what, ", got ", Shown(node)), node);
  }

  // `selector: {random: }` and `selector: {}`: null means absent, so nothing would be chosen.
  static std::string NothingChosen(const std::set<std::string>& seen, const Descriptor& type) {
    if (seen.empty()) {
      return absl::StrCat("expected one of ", absl::StrJoin(FieldNames(type), ", "),
                          ", got an empty mapping");
    }
    return absl::StrCat(*seen.begin(), " has no value; for its defaults write ", *seen.begin(),
                        ": {}");
  }

  // "training.epochs" for epochs: a field of that name one level down; "" if there is none.
  static std::string OneLevelDown(const std::string& word, const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const bool nested =
          field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated();
      if (nested && field.message_type()->FindFieldByName(word) != nullptr) {
        return absl::StrCat(std::string(field.name()), ".", word);
      }
    }
    return "";
  }

  void Unknown(const std::string& word, const std::string& kind, const Descriptor& type,
               const YAML::Node& node, const std::string& path) {
    const std::vector<std::string> known = FieldNames(type);
    std::string nearest = OneLevelDown(word, type);
    if (nearest.empty()) nearest = NearestWord(word, known);
    const std::string hint =
        nearest.empty()
            ? absl::StrCat("; known: ", known.empty() ? "none" : absl::StrJoin(known, ", "))
            : absl::StrCat("; did you mean ", nearest, "?");
    Report(path, absl::StrCat("unknown ", kind, hint), node);
  }

  // Rule 3: the bare name of a member.
  void Choose(const YAML::Node& node, const std::string& path, Message& message) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(node.Scalar());
    if (field == nullptr) {
      const std::string word = node.Scalar();
      Unknown(word, absl::StrCat("name ", Shown(node)), *message.GetDescriptor(), node, path);
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      Report(path, absl::StrCat(node.Scalar(), " needs a value: {", node.Scalar(), ": ...}"), node);
    } else {
      message.GetReflection()->MutableMessage(&message, field);
    }
  }

  void SetKey(const YAML::Node& key, const YAML::Node& value, const std::string& path,
              std::set<std::string>& seen, Message& message) {
    if (!key.IsScalar()) return Expected("a name as key", key, path);
    const std::string name = key.Scalar();
    const std::string where = Join(path, name);
    const Descriptor& type = *message.GetDescriptor();
    if (!seen.insert(name).second) return Report(where, "is given twice", key);
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) return Unknown(name, "key", type, key, where);
    if (IsNothing(value)) return;
    if (name == "curve" && TextOf(value) == "all") field = type.FindFieldByName("curve_all");
    const Reflection& reflection = *message.GetReflection();
    const auto* oneof = field->real_containing_oneof();
    if (oneof != nullptr && reflection.HasOneof(message, oneof)) {
      const std::string first(reflection.GetOneofFieldDescriptor(message, oneof)->name());
      return Report(where, absl::StrCat("excludes ", Join(path, first), ", which is given too"),
                    key);
    }
    if (field->name() != name) return reflection.SetBool(&message, field, true);
    Set(*field, value, where, message);
  }

  void Set(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
           Message& message) {
    if (field.is_map()) {
      SetMap(field, node, path, message);
    } else if (field.is_repeated()) {
      SetList(field, node, path, message);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Fill(node, path, *message.GetReflection()->MutableMessage(&message, &field));
    } else {
      SetScalar(field, node, path, message);
    }
  }

  void SetList(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
               Message& message) {
    if (!node.IsSequence()) return Expected("a list", node, path);
    size_t index = 0;
    for (const YAML::Node& item : node) {
      const std::string where = absl::StrCat(path, "[", index++, "]");
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Fill(item, where, *message.GetReflection()->AddMessage(&message, &field));
      } else {
        SetScalar(field, item, where, message);
      }
    }
  }

  void SetMap(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
              Message& message) {
    if (!node.IsMap()) return Expected("a mapping", node, path);
    const FieldDescriptor& key_field = *field.message_type()->map_key();
    const FieldDescriptor& value_field = *field.message_type()->map_value();
    std::set<std::string> seen;
    for (const auto& item : node) {
      const std::optional<std::string> key = TextOf(item.first);
      if (!key) {
        Expected("a name as key", item.first, path);
        continue;
      }
      const std::string where = Join(path, *key);
      if (!seen.insert(*key).second) {
        Report(where, "is given twice", item.first);
        continue;
      }
      Message* entry = message.GetReflection()->AddMessage(&message, &field);
      entry->GetReflection()->SetString(entry, &key_field, *key);
      if (value_field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        SetScalar(value_field, item.second, where, *entry);
      } else if (!IsNothing(item.second)) {
        Fill(item.second, where, *entry->GetReflection()->MutableMessage(entry, &value_field));
      }
    }
  }

  void SetScalar(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
                 Message& message) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        return SetEnum(field, node, path, message);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (const auto value = BoolOf(node)) return Store(field, *value, message);
        return Expected("true or false", node, path);
      case FieldDescriptor::CPPTYPE_INT32:
        return SetInteger<int32_t>(field, node, path, message);
      case FieldDescriptor::CPPTYPE_INT64:
        return SetInteger<int64_t>(field, node, path, message);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (const auto value = NumberOf(node)) return Store(field, *value, message);
        return Expected("a number", node, path);
      default:
        if (const auto value = TextOf(node)) return Store(field, *value, message);
        return Expected("a text", node, path);
    }
  }

  void SetEnum(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
               Message& message) {
    const std::optional<std::string> text = TextOf(node);
    const EnumValueDescriptor* value = text ? FindValue(*field.enum_type(), *text) : nullptr;
    if (value != nullptr) return Store(field, value, message);
    const std::vector<std::string> known = ShortNames(*field.enum_type());
    Expected(absl::StrCat("one of ", absl::StrJoin(known, ", ")), node, path);
  }

  template <typename Integer>
  void SetInteger(const FieldDescriptor& field, const YAML::Node& node, const std::string& path,
                  Message& message) {
    using Limits = std::numeric_limits<Integer>;
    // Protobuf's JSON, and so `show --json`, writes 64-bit numbers in quotes.
    constexpr bool kMayBeQuoted = sizeof(Integer) == 8;
    const std::optional<int64_t> value = kMayBeQuoted ? QuotedIntegerOf(node) : IntegerOf(node);
    if (!value) return Expected("a whole number", node, path);
    if (*value < Limits::min() || *value > Limits::max()) {
      return Expected(absl::StrCat("a whole number from ", Limits::min(), " to ", Limits::max()),
                      node, path);
    }
    Store(field, static_cast<Integer>(*value), message);
  }

  static void Store(const FieldDescriptor& field, bool value, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddBool(&message, &field, value);
    reflection.SetBool(&message, &field, value);
  }
  static void Store(const FieldDescriptor& field, int32_t value, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddInt32(&message, &field, value);
    reflection.SetInt32(&message, &field, value);
  }
  static void Store(const FieldDescriptor& field, int64_t value, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddInt64(&message, &field, value);
    reflection.SetInt64(&message, &field, value);
  }
  static void Store(const FieldDescriptor& field, double value, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddDouble(&message, &field, value);
    reflection.SetDouble(&message, &field, value);
  }
  static void Store(const FieldDescriptor& field, const std::string& value, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddString(&message, &field, value);
    reflection.SetString(&message, &field, value);
  }
  static void Store(const FieldDescriptor& field, const EnumValueDescriptor* value,
                    Message& message) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return reflection.AddEnum(&message, &field, value);
    reflection.SetEnum(&message, &field, value);
  }

  const Origin& origin_;
  std::vector<client::FieldViolation> violations_;
};

}  // namespace

std::vector<client::FieldViolation> MapSpec(const YAML::Node& root, const Origin& origin,
                                            Message& message) {
  Mapper mapper(origin);
  mapper.Fill(root, "", message);
  return mapper.TakeViolations();
}

}  // namespace winnow::cli
