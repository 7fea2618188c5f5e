// The configuration file: YAML, one key per setting.
#ifndef WINNOW_SERVER_OPS_SETTINGS_FILE_H_
#define WINNOW_SERVER_OPS_SETTINGS_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/ops/settings.h"

namespace winnow::ops_http {

// The values of `text`, whose name in messages is `path`. INVALID_ARGUMENT lists every problem with
// its line: unknown key, key given twice, list where one value was expected.
absl::StatusOr<SettingValues> ParseSettingsFile(const std::string& path, const std::string& text);

// NOT_FOUND and others when it cannot be read.
absl::StatusOr<SettingValues> ReadSettingsFile(const std::string& path);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_SETTINGS_FILE_H_
