// Job files and schemas: YAML or JSON, with the overrides of the command line.
#ifndef WINNOW_CLIENT_CLI_SPEC_FILE_H_
#define WINNOW_CLIENT_CLI_SPEC_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cpp/error.h"
#include "google/protobuf/message.h"

namespace winnow::cli {

// Fills `message` from the file at `path` ("-": standard input) after `overrides`, each PATH=VALUE
// with dots in PATH and VALUE in YAML: `training.seed=3`, `evaluation.metrics=[auc]`,
// `training.epochs=null`. INVALID_ARGUMENT with all violations (client::ErrorOf), and `message`
// holds what could be read; NOT_FOUND when there is no file.
absl::Status LoadSpecFile(const std::string& path, const std::vector<std::string>& overrides,
                          google::protobuf::Message& message);

// The error that lists the violations of `file`, as LoadSpecFile names it.
absl::Status Mistakes(const std::string& file, std::vector<client::FieldViolation> violations);

// Whether the field `path` is `root` or within it: training.epochs in training, files[1] in files.
bool IsAtOrBelow(const std::string& path, const std::string& root);

// The same of a text; `name` is what errors call it.
absl::Status ParseSpec(const std::string& text, const std::string& name,
                       const std::vector<std::string>& overrides,
                       google::protobuf::Message& message);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_SPEC_FILE_H_
