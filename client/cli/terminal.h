// Whether a stream is a terminal, and what that terminal can show.
#ifndef WINNOW_CLIENT_CLI_TERMINAL_H_
#define WINNOW_CLIENT_CLI_TERMINAL_H_

#include <cstddef>
#include <functional>
#include <ostream>

namespace winnow::cli {

struct Terminal {
  bool is_live = false;                                       // lines can be redrawn in place
  bool has_color = false;                                     // NO_COLOR is not set (no-color.org)
  bool has_blocks = false;                                    // the locale is UTF-8
  std::function<size_t()> width = [] { return size_t{80}; };  // columns, now
};

// Of std::cout and std::cerr when they are terminals that are not "dumb"; not live otherwise.
Terminal TerminalOf(const std::ostream& stream);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_TERMINAL_H_
