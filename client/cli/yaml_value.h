// What a YAML node means: the core schema's null, booleans and numbers. Nothing here throws.
#ifndef WINNOW_CLIENT_CLI_YAML_VALUE_H_
#define WINNOW_CLIENT_CLI_YAML_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "yaml-cpp/yaml.h"

namespace winnow::cli {

// Absent, empty, `~` or `null`, not in quotes.
bool IsNothing(const YAML::Node& node);

// A scalar's letters, whatever they mean: numbers as they were written. Nothing for null, lists and
// mappings.
std::optional<std::string> TextOf(const YAML::Node& node);

// true, false, yes, no, on, off, not in quotes.
std::optional<bool> BoolOf(const YAML::Node& node);

// A finite number, not in quotes.
std::optional<double> NumberOf(const YAML::Node& node);

// A number without a fraction, `1e6` included, not in quotes. Nothing outside the range of int64.
std::optional<int64_t> IntegerOf(const YAML::Node& node);

// The same, in quotes or not.
std::optional<int64_t> QuotedIntegerOf(const YAML::Node& node);

// The node as an error message shows it, at most some 60 letters long.
std::string Shown(const YAML::Node& node);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_YAML_VALUE_H_
