// `--set training.seed=3`: changes of a job file from the command line.
#ifndef WINNOW_CLIENT_CLI_SPEC_OVERRIDES_H_
#define WINNOW_CLIENT_CLI_SPEC_OVERRIDES_H_

#include <string>
#include <vector>

#include "client/cpp/error.h"
#include "yaml-cpp/yaml.h"

namespace winnow::cli {

// Puts VALUE of `text` = PATH=VALUE in its place below `root`, which becomes a mapping if it was
// empty. A key with dots in it stands in double
// quotes. Mappings on the way are made; the bare name of a choice (`selector: random`) becomes
// {random: {}} first. Adds PATH to `overridden`, or what is wrong to `violations`.
void ApplyOverride(const std::string& text, YAML::Node& root, std::vector<std::string>& overridden,
                   std::vector<client::FieldViolation>& violations);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_SPEC_OVERRIDES_H_
