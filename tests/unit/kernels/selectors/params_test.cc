#include "kernels/selectors/params.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::selectors {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<ParamSpec>& Table() {
  static const std::vector<ParamSpec> table = {
      {.name = "rate", .default_value = 0.5, .min = 0, .max = 1, .min_exclusive = true},
      {.name = "count", .type = ParamType::kInt, .default_value = int64_t{3}, .min = 1},
      {.name = "reset", .type = ParamType::kBool, .default_value = true},
      {.name = "kind",
       .type = ParamType::kString,
       .default_value = std::string("a"),
       .choices = {"a", "b"}},
      {.name = "computed", .min = 0}};
  return table;
}

std::string MessageOf(const ParamValues& given) {
  const auto violations = CheckParams(Table(), given);
  return violations.size() == 1 ? violations[0].message : "not one violation";
}

TEST(ParamsTest, AllViolationsComeAtOnce) {
  EXPECT_THAT(
      CheckParams(Table(), {{"rate", 0.0}, {"count", int64_t{0}}, {"nonsense", 1.0}}),
      ElementsAre(Field(&ParamViolation::name, "count"), Field(&ParamViolation::name, "nonsense"),
                  Field(&ParamViolation::name, "rate")));
}

TEST(ParamsTest, MessagesSayWhatIsExpectedAndWhatWasFound) {
  EXPECT_EQ(MessageOf({{"rate", 0.0}}), "must be > 0, got 0");
  EXPECT_EQ(MessageOf({{"rate", 1.5}}), "must be <= 1, got 1.5");
  EXPECT_EQ(MessageOf({{"count", int64_t{-2}}}), "must be >= 1, got -2");
  EXPECT_EQ(MessageOf({{"count", 1.5}}), "must be a whole number");
  EXPECT_EQ(MessageOf({{"reset", int64_t{1}}}), "must be true or false");
  EXPECT_EQ(MessageOf({{"kind", std::string("c")}}), "must be one of a, b, got c");
  EXPECT_THAT(MessageOf({{"ratte", 1.0}}), HasSubstr("rate, count, reset, kind, computed"));
}

TEST(ParamsTest, BoundsThemselvesPassUnlessExclusive) {
  EXPECT_THAT(CheckParams(Table(), {{"rate", 1.0}, {"count", int64_t{1}}}), IsEmpty());
}

TEST(ParamsTest, DefaultsFillWhatIsAbsentAndNothingElse) {
  const ParamValues filled = FillDefaults(Table(), {{"count", int64_t{7}}});
  EXPECT_EQ(GetDouble(filled, "rate"), 0.5);
  EXPECT_EQ(GetInt(filled, "count"), 7);
  EXPECT_TRUE(GetBool(filled, "reset"));
  EXPECT_EQ(GetString(filled, "kind"), "a");
  EXPECT_EQ(filled.count("computed"), 0u);
}

}  // namespace
}  // namespace winnow::selectors
