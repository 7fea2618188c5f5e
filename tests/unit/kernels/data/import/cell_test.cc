#include "kernels/data/import/cell.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::data {
namespace {

TEST(ParseNumberTest, ReadsDecimalNumbers) {
  const std::pair<const char*, double> cases[] = {
      {"0", 0},        {"-0", 0},       {"17", 17},
      {"-17", -17},    {"+17", 17},     {"0012", 12},
      {"1.5", 1.5},    {".5", 0.5},     {"5.", 5},
      {"-1e3", -1000}, {"1E-2", 0.01},  {"123456789012345", 123456789012345.0},
      {"1e-400", 0},   {"-1e-400", 0},  {"12345678901234567890", 12345678901234567890.0},
      {"0.1", 0.1},    {"+.25e1", 2.5}, {"1e308", 1e308}};
  for (const auto& [text, expected] : cases) {
    double value = -1;
    EXPECT_EQ(ParseNumber(text, &value), ParseResult::kOk) << text;
    EXPECT_EQ(value, expected) << text;
  }
}

TEST(ParseNumberTest, RefusesEverythingElse) {
  double value;
  for (const char* text : {"", "-", "+", "+-1", "1 2", "1,5", "0x10", "1e", "e5", "1.2.3", "12a",
                           " 1", "1 ", "nan(1)", "-nan", "true"}) {
    EXPECT_EQ(ParseNumber(text, &value), ParseResult::kNotANumber) << "'" << text << "'";
  }
  for (const char* text : {"nan", "NaN", "NAN"}) {
    EXPECT_EQ(ParseNumber(text, &value), ParseResult::kNan) << text;
  }
  for (const char* text : {"inf", "-inf", "Infinity", "1e309", "-1e999"}) {
    EXPECT_EQ(ParseNumber(text, &value), ParseResult::kTooLarge) << text;
  }
}

TEST(NumberTextTest, IsTheShortestThatReadsBack) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},           {-0.0, "0"},  {1, "1"},
      {-3, "-3"},         {0.1, "0.1"}, {1e20, "1e+20"},
      {123456, "123456"}, {2.5, "2.5"}, {1.0 / 3, "0.3333333333333333"}};
  for (const auto& [value, expected] : cases) EXPECT_EQ(NumberText(value), expected);
}

TEST(CellTest, TextOfEveryKind) {
  std::string buffer;
  EXPECT_EQ(CellText(Cell::Text("abc"), &buffer), "abc");
  EXPECT_EQ(CellText(Cell::Integer(-9007199254740993), &buffer), "-9007199254740993");
  EXPECT_EQ(CellText(Cell::Number(1.50), &buffer), "1.5");
  EXPECT_TRUE(Cell::Missing().is_missing());
}

TEST(QuotedTest, ShortensAndCleansWhatGoesIntoMessages) {
  EXPECT_EQ(Quoted("plain"), "'plain'");
  EXPECT_EQ(Quoted("a\nb\tc"), "'a?b?c'");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
  // Never half of a character.
  EXPECT_EQ(Quoted(std::string(59, 'x') + "ééé"), "'" + std::string(59, 'x') + "...'");
  EXPECT_EQ(Quoted(Cell::Missing()), "nothing");
}

}  // namespace
}  // namespace winnow::data
