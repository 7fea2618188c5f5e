#include "client/cli/spec_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/spec_mapper.h"
#include "client/cli/spec_overrides.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"
#include "yaml-cpp/yaml.h"

namespace winnow::cli {
namespace {

absl::StatusOr<YAML::Node> ParseYaml(const std::string& text, const std::string& name) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": holds ", documents.size(), " documents, expected one"));
    }
    return documents.empty() ? YAML::Node(YAML::NodeType::Null) : documents[0];
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not YAML, line ", error.mark.line + 1,
                                                   ", column ", error.mark.column + 1, ": ",
                                                   error.msg));
  }
}

std::string LineOf(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? "" : absl::StrCat(" (line ", mark.line + 1, ")");
}

bool IsBelow(const std::string& path, const std::string& root) {
  return absl::StartsWith(path, root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    // An empty file fails as well, without an error of the system.
    if (file.is_open() && errno == 0) return std::string();
    return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return text.str();
}

}  // namespace

absl::Status ParseSpec(const std::string& text, const std::string& name,
                       const std::vector<std::string>& overrides,
                       google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(YAML::Node root, ParseYaml(text, name));
  std::vector<client::FieldViolation> violations;
  std::vector<std::string> overridden;
  for (const std::string& override_text : overrides) {
    ApplyOverride(override_text, root, overridden, violations);
  }
  const Origin origin = [&](const YAML::Node& node, const std::string& path) -> std::string {
    for (const std::string& root_path : overridden) {
      if (IsBelow(path, root_path)) return " (--set)";
    }
    return LineOf(node);
  };
  for (client::FieldViolation& violation : MapSpec(root, origin, message)) {
    violations.push_back(std::move(violation));
  }
  if (violations.empty()) return absl::OkStatus();
  client::Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = "INVALID_FIELDS";
  error.message = absl::StrCat(name, ": ", violations.size(),
                               violations.size() == 1 ? " mistake" : " mistakes");
  error.violations = std::move(violations);
  return client::ToStatus(error);
}

absl::Status LoadSpecFile(const std::string& path, const std::vector<std::string>& overrides,
                          google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(const std::string text, ReadAll(path));
  return ParseSpec(text, path == "-" ? "standard input" : path, overrides, message);
}

}  // namespace winnow::cli
