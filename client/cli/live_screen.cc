#include "client/cli/live_screen.h"

#include "absl/strings/str_cat.h"

namespace winnow::cli {
namespace {

// ECMA-48: cursor up n lines to the first column; erase from the cursor to the end of the screen.
std::string Up(size_t lines) { return lines == 0 ? "" : absl::StrCat("\x1b[", lines, "F"); }
constexpr char kEraseBelow[] = "\x1b[J";

}  // namespace

void LiveScreen::Draw(const std::vector<std::string>& lines) {
  // One write, so that nothing flickers.
  std::string frame = absl::StrCat(Up(drawn_), kEraseBelow);
  for (const std::string& line : lines) absl::StrAppend(&frame, line, "\n");
  stream_ << frame << std::flush;
  drawn_ = lines.size();
}

void LiveScreen::Print(const std::string& line) {
  Clear();
  stream_ << line << "\n" << std::flush;
}

void LiveScreen::Clear() {
  if (drawn_ > 0) stream_ << Up(drawn_) << kEraseBelow << std::flush;
  drawn_ = 0;
}

}  // namespace winnow::cli
