#include "client/cli/proto_json.h"

#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace winnow::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string JsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  // Fails for texts that are not UTF-8 and for Any of unknown types; neither passes the server.
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}";
  return text;
}

std::string JsonText(const google::protobuf::Message& message) {
  return Dump(Json::parse(JsonLine(message), nullptr, /*allow_exceptions=*/false));
}

std::string JsonList(const std::string& key,
                     const std::vector<const google::protobuf::Message*>& messages) {
  Json list = Json::array();
  for (const auto* message : messages) {
    list.push_back(Json::parse(JsonLine(*message), nullptr, /*allow_exceptions=*/false));
  }
  return Dump(Json{{key, list}});
}

}  // namespace winnow::cli
