// The command line of winnowd.
#ifndef WINNOW_SERVER_OPS_COMMAND_LINE_H_
#define WINNOW_SERVER_OPS_COMMAND_LINE_H_

#include <string>
#include <variant>

#include "server/ops/settings.h"

namespace winnow::ops_http {

// The process is over before it began: --help, --version, --check-config, --new-token, or bad
// usage.
struct EarlyExit {
  int status = 0;
  std::string output;  // for standard output when status is 0, else for standard error
};

inline constexpr int kBadStart = 2;  // exit status of a server that does not start

// Flags override the file that --config names.
std::variant<Settings, EarlyExit> ParseCommandLine(int argc, const char* const* argv);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_COMMAND_LINE_H_
