// Messages as JSON with the names of the contract.
#ifndef WINNOW_CLIENT_CLI_PROTO_JSON_H_
#define WINNOW_CLIENT_CLI_PROTO_JSON_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace winnow::cli {

// Protobuf's JSON in one line, field names as in the .proto files.
std::string JsonLine(const google::protobuf::Message& message);

// The same over several lines, with a line end.
std::string JsonText(const google::protobuf::Message& message);

// {"key": [messages...]} over several lines, with a line end.
std::string JsonList(const std::string& key,
                     const std::vector<const google::protobuf::Message*>& messages);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_PROTO_JSON_H_
