// From a YAML tree to a message of the contract, by descriptor, all mistakes at once.
#ifndef WINNOW_CLIENT_CLI_SPEC_MAPPER_H_
#define WINNOW_CLIENT_CLI_SPEC_MAPPER_H_

#include <functional>
#include <string>
#include <vector>

#include "client/cpp/error.h"
#include "google/protobuf/message.h"
#include "yaml-cpp/yaml.h"

namespace winnow::cli {

// Where the node of `path` was written, as in " (line 3)"; may be empty.
using Origin = std::function<std::string(const YAML::Node& node, const std::string& path)>;

// Fills `message` from `root` by the names of the contract and the four spellings in the head of
// dataset_schema.proto; `curve: all` stands for `curve_all: true`. Returns every violation: path
// relative to `message`, what was expected, what was found and where. On violations `message` holds
// what could be read.
std::vector<client::FieldViolation> MapSpec(const YAML::Node& root, const Origin& origin,
                                            google::protobuf::Message& message);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_SPEC_MAPPER_H_
