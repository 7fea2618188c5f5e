// A few lines at the bottom of a terminal that are redrawn in place.
#ifndef WINNOW_CLIENT_CLI_LIVE_SCREEN_H_
#define WINNOW_CLIENT_CLI_LIVE_SCREEN_H_

#include <ostream>
#include <string>
#include <vector>

namespace winnow::cli {

class LiveScreen {
 public:
  // OWNERSHIP: `stream`, a terminal, outlives the screen.
  explicit LiveScreen(std::ostream& stream) : stream_(stream) {}
  // Leaves the terminal without the lines.
  ~LiveScreen() { Clear(); }
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  // Replaces the lines. REQUIRES: none is wider than the terminal.
  void Draw(const std::vector<std::string>& lines);
  // Writes a line that stays, above the others; these come back with the next Draw.
  void Print(const std::string& line);
  void Clear();

 private:
  std::ostream& stream_;
  size_t drawn_ = 0;  // lines on the terminal, the cursor below the last
};

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_LIVE_SCREEN_H_
