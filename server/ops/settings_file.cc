#include "server/ops/settings_file.h"

#include <yaml-cpp/yaml.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/file_system.h"
#include "server/base/status.h"

namespace winnow::ops_http {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 20;

std::string LineOf(const std::string& path, const YAML::Mark& mark) {
  return absl::StrCat(path, ":", mark.line + 1);  // yaml-cpp counts from 0
}

std::string KnownKeys() {
  return absl::StrJoin(AllSettings(), ", ", [](std::string* out, const Setting& setting) {
    absl::StrAppend(out, setting.name);
  });
}

// "OUTER.INNER=VALUE" of every leaf.
absl::StatusOr<std::vector<std::string>> LeavesOf(const YAML::Node& node) {
  const absl::Status expected = absl::InvalidArgumentError("expected lines of NAME: {KEY: VALUE}");
  if (!node.IsMap()) return expected;
  std::vector<std::string> texts;
  for (const auto& outer : node) {
    if (!outer.first.IsScalar() || !outer.second.IsMap()) return expected;
    for (const auto& inner : outer.second) {
      if (!inner.first.IsScalar() || !inner.second.IsScalar()) return expected;
      texts.push_back(absl::StrCat(outer.first.Scalar(), ".", inner.first.Scalar(), "=",
                                   inner.second.Scalar()));
    }
  }
  return texts;
}

absl::StatusOr<std::vector<std::string>> TextsOf(const YAML::Node& node, SettingType type) {
  if (type == SettingType::kTree) return LeavesOf(node);
  if (node.IsScalar()) return std::vector<std::string>{node.Scalar()};
  if (type != SettingType::kList) return absl::InvalidArgumentError("expected one value");
  if (!node.IsSequence()) return absl::InvalidArgumentError("expected a list of texts");
  std::vector<std::string> texts;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) return absl::InvalidArgumentError("expected a list of texts");
    texts.push_back(item.Scalar());
  }
  return texts;
}

absl::Status TakeEntry(const std::string& path, const YAML::Node& key, const YAML::Node& node,
                       SettingValues* values) {
  const std::string line = LineOf(path, key.Mark());
  if (!key.IsScalar()) return absl::InvalidArgumentError(line + ": expected a key");
  const std::string name = key.Scalar();
  const Setting* setting = FindSetting(name);
  if (setting == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(line, ": unknown key ", name, "; known: ", KnownKeys()));
  }
  SettingValue value;
  value.origin = absl::StrCat(line, ": ", name);
  absl::StatusOr<std::vector<std::string>> texts = TextsOf(node, setting->type);
  if (!texts.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(value.origin, ": ", std::string(texts.status().message())));
  }
  value.texts = *std::move(texts);
  if (values->emplace(name, std::move(value)).second) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(line, ": ", name, " is given twice"));
}

absl::StatusOr<SettingValues> Take(const std::string& path, const YAML::Node& root) {
  SettingValues values;
  if (root.IsNull()) return values;
  if (!root.IsMap()) return absl::InvalidArgumentError(path + ": expected lines of KEY: VALUE");
  std::vector<std::string> problems;
  for (const auto& entry : root) {
    const absl::Status taken = TakeEntry(path, entry.first, entry.second, &values);
    if (!taken.ok()) problems.push_back(std::string(taken.message()));
  }
  if (problems.empty()) return values;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace

absl::StatusOr<SettingValues> ParseSettingsFile(const std::string& path, const std::string& text) {
  try {
    return Take(path, YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(LineOf(path, error.mark), ": ", error.msg));
  }
}

absl::StatusOr<SettingValues> ReadSettingsFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   server::ReadWholeFile(*server::RealFileSystem(), path, kMaxFileBytes));
  return ParseSettingsFile(path, text);
}

}  // namespace winnow::ops_http
