// Messages as job files and schemas spell them: what spec_mapper reads.
#ifndef WINNOW_CLIENT_CLI_YAML_WRITER_H_
#define WINNOW_CLIENT_CLI_YAML_WRITER_H_

#include <string>

#include "google/protobuf/message.h"

namespace winnow::cli {

// YAML over several lines, with a line end; fields in the order of their numbers, maps by key;
// small messages and lists of scalars in one line. ENSURES: MapSpec of the text gives the message
// back.
std::string YamlText(const google::protobuf::Message& message);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_YAML_WRITER_H_
