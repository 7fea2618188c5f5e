#include "client/cli/spec_overrides.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/yaml_value.h"

namespace winnow::cli {
namespace {

// The keys of `path`, "columns.\"a.b\".kind": dots part them, except in double quotes. Empty when a
// key is empty or a quote is not closed.
std::vector<std::string> KeysOf(const std::string& path) {
  std::vector<std::string> keys(1);
  bool quoted = false;
  for (const char letter : path) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == '.' && !quoted) {
      keys.emplace_back();
    } else {
      keys.back() += letter;
    }
  }
  if (quoted || std::find(keys.begin(), keys.end(), "") != keys.end()) keys.clear();
  return keys;
}

// Sets keys[depth..] below `node`. False when a list stands in the way. (A YAML::Node is a handle:
// `parent[key]` of a mapping refers to its entry.)
bool Put(YAML::Node node, const std::vector<std::string>& keys, size_t depth,
         const YAML::Node& value) {
  if (IsNothing(node)) {
    node = YAML::Node(YAML::NodeType::Map);
  } else if (node.IsScalar()) {
    const std::string name = node.Scalar();
    node = YAML::Node(YAML::NodeType::Map);
    node[name] = YAML::Node(YAML::NodeType::Map);
  } else if (!node.IsMap()) {
    return false;
  }
  if (depth + 1 == keys.size()) {
    node[keys[depth]] = value;
    return true;
  }
  return Put(node[keys[depth]], keys, depth + 1, value);
}

}  // namespace

void ApplyOverride(const std::string& text, YAML::Node& root, std::vector<std::string>& overridden,
                   std::vector<client::FieldViolation>& violations) {
  const size_t equals = text.find('=');
  const std::string path = text.substr(0, equals);
  const std::vector<std::string> keys = KeysOf(path);
  if (equals == std::string::npos || keys.empty()) {
    violations.push_back(
        {absl::StrCat("--set ", text), "expected PATH=VALUE, as in training.seed=3"});
    return;
  }
  try {
    if (Put(root, keys, 0, YAML::Load(text.substr(equals + 1)))) {
      overridden.push_back(absl::StrJoin(keys, "."));
    } else {
      violations.push_back({path, "--set cannot change an entry of a list; give the whole list"});
    }
  } catch (const YAML::Exception& error) {
    violations.push_back({path, absl::StrCat("the value of --set is not YAML: ", error.msg)});
  }
}

}  // namespace winnow::cli
