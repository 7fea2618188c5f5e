#include "server/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace winnow::server {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kText};

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Its pattern is the bare message: FormatLogLine has made the whole line, so that both formats
// escape what users wrote in names and messages.
spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("winnow", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

// Quotes a value that would not read as one word.
std::string TextValue(const std::string& value) {
  if (!value.empty() && value.find_first_of(" \"=\n\r\t\\") == std::string::npos) return value;
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

void InitLogging(const LogOptions& options) {
  g_format.store(options.format, std::memory_order_relaxed);
  Logger().set_level(SpdlogLevel(options.level));
}

absl::Status ParseLogOptions(const std::string& level, const std::string& format,
                             LogOptions* options) {
  bool known = false;
  for (const LogLevel candidate :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (level != LevelName(candidate)) continue;
    options->level = candidate;
    known = true;
  }
  if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat("log level: expected debug, info, warning or error, got \"", level, "\""));
  }
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("log format: expected text or json, got \"", format, "\""));
  }
  options->format = format == "json" ? LogFormat::kJson : LogFormat::kText;
  return absl::OkStatus();
}

std::string FormatLogLine(LogFormat format, LogLevel level, const std::string& time_text,
                          const std::string& message, std::initializer_list<LogField> fields) {
  if (format == LogFormat::kJson) {
    nlohmann::ordered_json line = {
        {"time", time_text}, {"level", LevelName(level)}, {"message", message}};
    for (const LogField& field : fields) line[field.key] = field.value;
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const char letter = static_cast<char>(LevelName(level)[0] - 'a' + 'A');
  std::string line = absl::StrCat(time_text, " ", std::string(1, letter), " ", OneLine(message));
  for (const LogField& field : fields)
    absl::StrAppend(&line, " ", field.key, "=", TextValue(field.value));
  return line;
}

void Log(LogLevel level, const std::string& message, std::initializer_list<LogField> fields) {
  if (!Logger().should_log(SpdlogLevel(level))) return;
  const std::string time_text =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  Logger().log(SpdlogLevel(level),
               spdlog::string_view_t(FormatLogLine(g_format.load(std::memory_order_relaxed), level,
                                                   time_text, message, fields)));
}

}  // namespace winnow::server
