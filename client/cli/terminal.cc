#include "client/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace winnow::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsUtf8Locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = absl::AsciiStrToUpper(Environment(name));
    if (value.empty()) continue;
    return absl::StrContains(value, "UTF-8") || absl::StrContains(value, "UTF8");
  }
  return false;
}

size_t WidthOfTerminal(int descriptor) {
  constexpr size_t kUnknown = 80;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return size.ws_col;
}

}  // namespace

Terminal TerminalOf(const std::ostream& stream) {
  Terminal terminal;
  int descriptor = -1;
  if (&stream == &std::cout) descriptor = STDOUT_FILENO;
  if (&stream == &std::cerr) descriptor = STDERR_FILENO;
  const std::string type = Environment("TERM");
  terminal.is_live =
      descriptor >= 0 && ::isatty(descriptor) == 1 && !type.empty() && type != "dumb";
  if (!terminal.is_live) return terminal;
  terminal.has_color = Environment("NO_COLOR").empty();
  terminal.has_blocks = IsUtf8Locale();
  terminal.width = [descriptor] { return WidthOfTerminal(descriptor); };
  return terminal;
}

}  // namespace winnow::cli
