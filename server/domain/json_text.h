// Reading JSON that we wrote ourselves, without exceptions: a missing or ill-typed member gives its
// default and clears `ok`.
#ifndef WINNOW_SERVER_DOMAIN_JSON_TEXT_H_
#define WINNOW_SERVER_DOMAIN_JSON_TEXT_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace winnow::domain {

// Bytes that are not UTF-8 become replacement characters.
std::string DumpJson(const nlohmann::json& value);

class JsonReader {
 public:
  // `ok` is shared by the readers of one text.
  JsonReader(const nlohmann::json& object, bool* ok);

  bool Has(const char* key) const;
  std::string Text(const char* key) const;
  int64_t Integer(const char* key) const;
  bool Flag(const char* key) const;
  std::map<std::string, std::string> TextMap(const char* key) const;
  // The member, or null.
  const nlohmann::json& Member(const char* key) const;
  // The array member, or an empty array.
  const nlohmann::json& Array(const char* key) const;

 private:
  const nlohmann::json& object_;
  bool* const ok_;
};

// Null when the text is not JSON.
nlohmann::json ParseJson(const std::string& text);

// {"k": "v"} <-> map.
std::string EncodeTextMap(const std::map<std::string, std::string>& map);
bool DecodeTextMap(const std::string& text, std::map<std::string, std::string>* map);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_JSON_TEXT_H_
