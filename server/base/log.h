// The log of a process: text for people or JSON lines for machines, on standard error.
#ifndef WINNOW_SERVER_BASE_LOG_H_
#define WINNOW_SERVER_BASE_LOG_H_

#include <initializer_list>
#include <string>

#include "absl/status/status.h"

namespace winnow::server {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

// Call once in main; before it, lines are text at level info. A line is
//   2026-01-02T03:04:05.678Z I attempt started job=tenants/t/jobs/j attempt=3
// or {"time": …, "level": "info", "message": …, "job": …, "attempt": "3"}.
void InitLogging(const LogOptions& options);

// "debug", "info", "warning", "error"; "text", "json". INVALID_ARGUMENT says what is allowed.
absl::Status ParseLogOptions(const std::string& level, const std::string& format,
                             LogOptions* options);

// Usual keys: job, dataset, attempt, tenant, error. Never a secret or a token.
struct LogField {
  const char* key;
  std::string value;
};

void Log(LogLevel level, const std::string& message, std::initializer_list<LogField> fields = {});

inline void LogInfo(const std::string& message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(const std::string& message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(const std::string& message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, message, fields);
}

// The text of one line without the final newline; what InitLogging's sink writes.
std::string FormatLogLine(LogFormat format, LogLevel level, const std::string& time_text,
                          const std::string& message, std::initializer_list<LogField> fields);

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_LOG_H_
