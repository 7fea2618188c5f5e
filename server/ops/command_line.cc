#include "server/ops/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/ids.h"
#include "server/base/version.h"
#include "server/ops/new_token.h"
#include "server/ops/settings_file.h"

namespace winnow::ops_http {
namespace {

struct Flags {
  std::map<std::string, std::string> texts;               // by name of the setting
  std::map<std::string, std::vector<std::string>> lists;  // of those that are repeated
  std::map<std::string, bool> given;                      // of type kFlag
  std::string config;
  bool check_config = false;
  TokenRequest token;
};

bool IsRepeated(const Setting& setting) {
  return setting.type == SettingType::kList || setting.type == SettingType::kTree;
}

void AddFlags(CLI::App& app, Flags* flags) {
  app.set_version_flag("--version", server::kVersion);
  app.add_option("--config", flags->config,
                 "YAML file whose keys are the flags below; flags override it");
  app.add_flag("--check-config", flags->check_config, "Check flags and file, and exit");
  app.add_option("--new-token", flags->token.file,
                 "Write a fresh token to this file, print its line for the credentials file, and "
                 "exit; with --tenant, --role, --subject, --expires");
  app.add_option("--tenant", flags->token.tenant)->needs("--new-token")->capture_default_str();
  app.add_option("--role", flags->token.role, "reader, submitter or admin")
      ->needs("--new-token")
      ->capture_default_str();
  app.add_option("--subject", flags->token.subject, "who it is for, one word")
      ->needs("--new-token")
      ->capture_default_str();
  app.add_option("--expires", flags->token.expires, "90d, 2027-01-01T00:00:00Z or never")
      ->needs("--new-token")
      ->capture_default_str();
  for (const Setting& setting : AllSettings()) {
    const std::string flag = absl::StrCat("--", setting.name);
    const std::string doc = setting.doc;
    if (setting.type == SettingType::kFlag) {
      app.add_flag(flag, flags->given[setting.name], doc);
    } else if (IsRepeated(setting)) {
      app.add_option(flag, flags->lists[setting.name], doc)->allow_extra_args(false);
    } else {
      app.add_option(flag, flags->texts[setting.name], doc)
          ->type_name(setting.type == SettingType::kNumber ? "NUMBER" : "TEXT")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
  }
}

SettingValues ValuesOf(const CLI::App& app, const Flags& flags) {
  SettingValues values;
  for (const Setting& setting : AllSettings()) {
    const std::string flag = absl::StrCat("--", setting.name);
    if (app.count(flag) == 0) continue;
    SettingValue& value = values[setting.name];
    value.origin = flag;
    if (setting.type == SettingType::kFlag) {
      value.texts = {flags.given.at(setting.name) ? "true" : "false"};
    } else if (IsRepeated(setting)) {
      value.texts = flags.lists.at(setting.name);
    } else {
      value.texts = {flags.texts.at(setting.name)};
    }
  }
  return values;
}

EarlyExit Refusal(const absl::Status& status) {
  return {kBadStart, absl::StrCat("winnowd: ", std::string(status.message()), "\n")};
}

}  // namespace

std::variant<Settings, EarlyExit> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app("Serves feature, embedding and block selection over gRPC.", "winnowd");
  Flags flags;
  AddFlags(app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int status = app.exit(error, out, err);
    return EarlyExit{status == 0 ? 0 : kBadStart, status == 0 ? out.str() : err.str()};
  }
  if (!flags.token.file.empty()) {
    const absl::StatusOr<std::string> line =
        NewToken(flags.token, *server::SystemIdSource(), absl::Now());
    return line.ok() ? EarlyExit{0, *line} : Refusal(line.status());
  }
  SettingValues values = ValuesOf(app, flags);
  if (!flags.config.empty()) {
    absl::StatusOr<SettingValues> file = ReadSettingsFile(flags.config);
    if (!file.ok()) return Refusal(file.status());
    values.merge(*file);
  }
  absl::StatusOr<Settings> settings = MakeSettings(values);
  if (!settings.ok()) return Refusal(settings.status());
  if (flags.check_config) return EarlyExit{0, "the configuration is good\n"};
  return *std::move(settings);
}

}  // namespace winnow::ops_http
