#include "kernels/data/import/comment_filter.h"

#include <string>

#include "gtest/gtest.h"

namespace winnow::data {
namespace {

// The text without its comments, given in pieces of `step` bytes.
std::string Filter(const std::string& comment, const std::string& text, size_t step) {
  CommentFilter filter(comment);
  std::string out;
  for (size_t at = 0; at < text.size(); at += step) {
    const std::string piece = text.substr(at, step);
    filter.Append(piece.data(), piece.size(), &out);
  }
  filter.Finish(&out);
  return out;
}

TEST(CommentFilterTest, DropsWholeLinesHoweverTheTextIsCut) {
  const struct {
    const char *comment, *text, *expected;
  } cases[] = {{"", "#a\nb\n", "#a\nb\n"},
               {"#", "#a\nb#c\n#\nd", "b#c\nd"},
               {"#", "a\n#last", "a\n"},
               {"//", "/a\n//b\n/\n//\n/", "/a\n/\n/"},
               {"//", "//", ""},
               {"ab", "aab\nab\na", "aab\na"},
               {"#", "", ""},
               {"#", "\n\n#x\r\n\n", "\n\n\n"}};
  for (const auto& c : cases) {
    for (const size_t step : {1, 2, 3, 100}) {
      EXPECT_EQ(Filter(c.comment, c.text, step), c.expected) << c.text << " by " << step;
    }
  }
}

}  // namespace
}  // namespace winnow::data
