#include "client/cli/text.h"

#include "client/cli/suggest.h"
#include "client/cli/table.h"
#include "gtest/gtest.h"

namespace winnow::cli {
namespace {

TEST(TextTest, CountsHaveCommas) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(-1234567), "-1,234,567");
}

TEST(TextTest, BytesHaveBinaryUnits) {
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(int64_t{3} << 30), "3.0 GiB");
}

TEST(TextTest, TimesGrowWithTheirUnit) {
  EXPECT_EQ(SecondsText(0.04), "0.0 s");
  EXPECT_EQ(SecondsText(75.4), "1:15");
  EXPECT_EQ(SecondsText(3675), "1:01:15");
}

TEST(TextTest, NumbersHaveFourSignificantDigits) {
  EXPECT_EQ(NumberText(0.312044), "0.3120");
  EXPECT_EQ(NumberText(0.0031204), "0.003120");
  EXPECT_EQ(NumberText(12.3456), "12.35");
  EXPECT_EQ(NumberText(-123456), "-123456");
  EXPECT_EQ(NumberText(1e-7), "1.000e-07");
  EXPECT_EQ(NumberText(0), "0");
}

// Two digits of the half width: more would say what the data do not.
TEST(TextTest, DecimalsFollowTheInterval) {
  EXPECT_EQ(DecimalsOf(0.005), 4);
  EXPECT_EQ(DecimalsOf(0.05), 3);
  EXPECT_EQ(DecimalsOf(2.5), 1);
  EXPECT_EQ(DecimalsOf(250), 0);
  EXPECT_EQ(DecimalsOf(0), 4);
}

TEST(TextTest, WidthIsInCharacters) {
  EXPECT_EQ(WidthOf("Zürich"), 6u);
  EXPECT_EQ(Clip("Zürich", 6), "Zürich");
  EXPECT_EQ(Clip("Zürich", 4), "Zür…");
  EXPECT_EQ(Clip("Zürich", 0), "");
}

TEST(TableTest, AlignsByCharacters) {
  Table table;
  table.Column("NAME").Column("N", Table::Align::kRight);
  table.Row({"Zürich", "7"});
  table.Row({"Bern", "1,000"});
  EXPECT_EQ(table.Text("  "),
            "  NAME        N\n"
            "  Zürich      7\n"
            "  Bern    1,000\n");
}

TEST(SuggestTest, FindsTheNearestWordOrNone) {
  EXPECT_EQ(NearestWord("feature_selektion", {"feature_selection", "feature_cross"}),
            "feature_selection");
  EXPECT_EQ(NearestWord("sede", {"seed", "steps"}), "seed");
  EXPECT_EQ(NearestWord("zzzz", {"seed", "steps"}), "");
  EXPECT_EQ(NearestWord(std::string(1000, 'a'), {std::string(1000, 'a')}), "");
}

}  // namespace
}  // namespace winnow::cli
