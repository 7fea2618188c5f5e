#include "client/cli/spec_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/spec_mapper.h"
#include "client/cli/spec_overrides.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"
#include "nlohmann/json.hpp"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace winnow::cli {
namespace {

// JSON is YAML but for one escape: characters beyond 16 bits as two halves, \ud83d\ude00. Those
// become YAML's \U0001f600. REQUIRES: `text` is JSON.
std::string JoinSurrogates(const std::string& text) {
  constexpr size_t kEscape = 6;  // letters of \ud83d
  const auto half = [&](size_t at, uint32_t first) -> std::optional<uint32_t> {
    uint32_t code = 0;
    if (at + kEscape > text.size() || text.compare(at, 2, "\\u") != 0) return std::nullopt;
    if (!absl::SimpleHexAtoi(text.substr(at + 2, 4), &code)) return std::nullopt;
    return (code & 0xFC00u) == first ? std::optional<uint32_t>(code & 0x3FFu) : std::nullopt;
  };
  std::string joined;
  for (size_t at = 0; at < text.size();) {
    const std::optional<uint32_t> high = half(at, 0xD800u);
    const std::optional<uint32_t> low = high ? half(at + kEscape, 0xDC00u) : std::nullopt;
    if (low) {
      absl::StrAppendFormat(&joined, "\\U%08x", 0x10000u + (*high << 10) + *low);
      at += 2 * kEscape;
    } else {
      const size_t letters = text[at] == '\\' ? 2 : 1;  // an escaped backslash starts no escape
      joined += text.substr(at, letters);
      at += letters;
    }
  }
  return joined;
}

// Strings of the contract are UTF-8; the YAML parser lets other bytes through.
bool IsUtf8(const std::string& text) {
  using Json = nlohmann::json;
  const Json json(text);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) ==
         json.dump(-1, ' ', false, Json::error_handler_t::ignore);
}

absl::Status CheckUtf8(const std::string& text, const std::string& name) {
  int line = 0;
  const std::vector<std::string> parts = absl::StrSplit(text, '\n');
  for (const std::string& part : parts) {
    ++line;
    if (IsUtf8(part)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": line ", line, " is not UTF-8; save the file in that encoding"));
  }
  return absl::OkStatus();
}

// Counts documents and keeps nothing.
class DocumentCounter : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override { ++count; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  int count = 0;
};

// 0, 1, or 2 for more. Not by YAML::LoadAll: yaml-cpp 0.7 makes empty documents without end of a
// text like ",a". Throws YAML::Exception.
int CountDocuments(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentCounter counter;
  while (counter.count < 2 && parser.HandleNextDocument(counter)) {
  }
  return counter.count;
}

absl::StatusOr<YAML::Node> ParseYaml(const std::string& source, const std::string& name) {
  const std::string text = nlohmann::json::accept(source) ? JoinSurrogates(source) : source;
  try {
    const int documents = CountDocuments(text);
    if (documents > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": holds more than one document, expected one"));
    }
    return documents == 0 ? YAML::Node(YAML::NodeType::Null) : YAML::Load(text);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not YAML, line ", error.mark.line + 1,
                                                   ", column ", error.mark.column + 1, ": ",
                                                   error.msg));
  }
}

// What errors call the file.
std::string NameOf(const std::string& path) { return path == "-" ? "standard input" : path; }

std::string LineOf(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? "" : absl::StrCat(" (line ", mark.line + 1, ")");
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

bool IsAtOrBelow(const std::string& path, const std::string& root) {
  return absl::StartsWith(path, root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

absl::Status Mistakes(const std::string& file, std::vector<client::FieldViolation> violations) {
  client::Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = "INVALID_FIELDS";
  error.message = absl::StrCat(NameOf(file), ": ", violations.size(),
                               violations.size() == 1 ? " mistake" : " mistakes");
  error.violations = std::move(violations);
  return client::ToStatus(error);
}

absl::Status ParseSpec(const std::string& text, const std::string& name,
                       const std::vector<std::string>& overrides,
                       google::protobuf::Message& message) {
  RETURN_IF_ERROR(CheckUtf8(text, name));
  for (const std::string& override_text : overrides) {
    RETURN_IF_ERROR(CheckUtf8(override_text, "--set"));
  }
  ASSIGN_OR_RETURN(YAML::Node root, ParseYaml(text, name));
  std::vector<client::FieldViolation> violations;
  std::vector<std::string> overridden;
  for (const std::string& override_text : overrides) {
    ApplyOverride(override_text, root, overridden, violations);
  }
  const Origin origin = [&](const YAML::Node& node, const std::string& path) -> std::string {
    for (const std::string& root_path : overridden) {
      if (IsAtOrBelow(path, root_path)) return " (--set)";
    }
    return LineOf(node);
  };
  for (client::FieldViolation& violation : MapSpec(root, origin, message)) {
    violations.push_back(std::move(violation));
  }
  if (violations.empty()) return absl::OkStatus();
  return Mistakes(name, std::move(violations));
}

absl::Status LoadSpecFile(const std::string& path, const std::vector<std::string>& overrides,
                          google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(const std::string text, ReadAll(path));
  return ParseSpec(text, NameOf(path), overrides, message);
}

}  // namespace winnow::cli
