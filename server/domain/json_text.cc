#include "server/domain/json_text.h"

namespace winnow::domain {
namespace {

const nlohmann::json& NullJson() {
  static const nlohmann::json* const null = new nlohmann::json(nullptr);
  return *null;
}

const nlohmann::json& EmptyArray() {
  static const nlohmann::json* const empty = new nlohmann::json(nlohmann::json::array());
  return *empty;
}

}  // namespace

std::string DumpJson(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json ParseJson(const std::string& text) {
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return nullptr;
  return parsed;
}

JsonReader::JsonReader(const nlohmann::json& object, bool* ok) : object_(object), ok_(ok) {
  if (!object_.is_object()) *ok_ = false;
}

bool JsonReader::Has(const char* key) const { return object_.is_object() && object_.contains(key); }

const nlohmann::json& JsonReader::Member(const char* key) const {
  if (!object_.is_object()) return NullJson();
  const auto found = object_.find(key);
  return found == object_.end() ? NullJson() : *found;
}

std::string JsonReader::Text(const char* key) const {
  const nlohmann::json& member = Member(key);
  if (member.is_string()) return member.get<std::string>();
  *ok_ = false;
  return "";
}

int64_t JsonReader::Integer(const char* key) const {
  const nlohmann::json& member = Member(key);
  if (member.is_number_integer()) return member.get<int64_t>();
  *ok_ = false;
  return 0;
}

bool JsonReader::Flag(const char* key) const {
  const nlohmann::json& member = Member(key);
  if (member.is_boolean()) return member.get<bool>();
  *ok_ = false;
  return false;
}

std::map<std::string, std::string> JsonReader::TextMap(const char* key) const {
  std::map<std::string, std::string> map;
  const nlohmann::json& member = Member(key);
  if (!member.is_object()) {
    *ok_ = false;
    return map;
  }
  for (const auto& [name, value] : member.items()) {
    if (value.is_string()) {
      map[name] = value.get<std::string>();
    } else {
      *ok_ = false;
    }
  }
  return map;
}

const nlohmann::json& JsonReader::Array(const char* key) const {
  const nlohmann::json& member = Member(key);
  if (member.is_array()) return member;
  *ok_ = false;
  return EmptyArray();
}

std::string EncodeTextMap(const std::map<std::string, std::string>& map) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [key, value] : map) object[key] = value;
  return DumpJson(object);
}

bool DecodeTextMap(const std::string& text, std::map<std::string, std::string>* map) {
  bool ok = true;
  const nlohmann::json wrapped = {{"map", ParseJson(text)}};
  *map = JsonReader(wrapped, &ok).TextMap("map");
  return ok;
}

}  // namespace winnow::domain
