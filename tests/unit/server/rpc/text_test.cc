#include "server/rpc/text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::rpc {
namespace {

TEST(TextTest, LeavesShortTextAlone) {
  EXPECT_EQ(Shorten("", 10), "");
  EXPECT_EQ(Shorten("0123456789", 10), "0123456789");
  EXPECT_EQ(Shorten("größe", 10), "größe");
}

TEST(TextTest, CutsBetweenCharacters) {
  EXPECT_EQ(Shorten("0123456789a", 10), "0123456…");
  EXPECT_EQ(Shorten("ößößößöß", 10), "ößö…");  // 16 bytes; 6 and the ellipsis fit
  for (size_t max = 3; max < 20; ++max) {
    EXPECT_LE(Shorten("ä€🦊ä€🦊ä€🦊", max).size(), max);
  }
}

TEST(TextTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Shorten("a\xff"
                    "b",
                    10),
            "a?b");
  EXPECT_EQ(Shorten("\xc0\x80", 10), "??");            // overlong zero
  EXPECT_EQ(Shorten("\xed\xa0\x80", 10), "???");       // a surrogate
  EXPECT_EQ(Shorten("\xf4\x90\x80\x80", 10), "????");  // above U+10FFFF
  EXPECT_EQ(Shorten("\xe2\x82", 10), "??");            // cut short
  EXPECT_EQ(Shorten("\x80", 10), "?");
}

}  // namespace
}  // namespace winnow::rpc
