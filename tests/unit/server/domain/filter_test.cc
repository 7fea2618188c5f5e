#include "server/domain/filter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/error.h"

namespace winnow::domain {
namespace {

using testing::HasSubstr;

TEST(FilterTest, EmptyTextMeansEverything) {
  EXPECT_TRUE(ParseFilter("", FilterTarget::kJobs)->empty());
  EXPECT_TRUE(ParseFilter("  \t ", FilterTarget::kJobs)->empty());
}

TEST(FilterTest, ReadsEveryFieldAndOperator) {
  const auto filter = ParseFilter(
      "state = STATE_RUNNING AND selector!=random AND task=block_pruning AND dataset=adult AND "
      "create_time > \"2026-01-31T08:00:00Z\" AND create_time<2026-02-01T00:00:00+01:00 AND "
      "labels.team = \"a \\\"b\\\" AND c\"",
      FilterTarget::kJobs);
  ASSERT_TRUE(filter.ok()) << filter.status();
  ASSERT_EQ(filter->size(), 7u);
  EXPECT_EQ((*filter)[0].field, FilterField::kState);
  EXPECT_EQ((*filter)[0].value, "RUNNING");
  EXPECT_EQ((*filter)[1].op, FilterOp::kNotEqual);
  EXPECT_EQ((*filter)[2].field, FilterField::kTask);
  EXPECT_EQ((*filter)[3].value, "adult");
  EXPECT_EQ((*filter)[4].op, FilterOp::kGreater);
  EXPECT_EQ((*filter)[4].time, absl::FromUnixSeconds(1769846400));
  EXPECT_EQ((*filter)[5].op, FilterOp::kLess);
  EXPECT_EQ((*filter)[6].label_key, "team");
  EXPECT_EQ((*filter)[6].value, "a \"b\" AND c");
}

TEST(FilterTest, BadTextIsRefusedWithThePlaceAndWhatWasExpected) {
  struct Case {
    const char* text;
    const char* expected;
  };
  const Case cases[] = {
      {"stat=RUNNING", "at byte 0: expected state, selector"},
      {"state", "at byte 5: expected = or !="},
      {"state>RUNNING", "at byte 5: expected = or !="},
      {"state=", "at byte 6: expected a value"},
      {"state=running", "expected PENDING, RUNNING"},
      {"state=RUNNING OR state=FAILED", "at byte 14: expected AND or the end"},
      {"state=RUNNING AND", "at byte 17: expected state"},
      {"create_time>yesterday", "expected a time like 2026"},
      {"labels.=x", "expected state"},
      {"labels.a=\"x", "expected a closing quote"},
      {"(state=RUNNING)", "at byte 0"},
  };
  for (const Case& c : cases) {
    const absl::Status status = ParseFilter(c.text, FilterTarget::kJobs).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_EQ(ReasonOf(status), reason::kInvalidFilter) << c.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.expected)) << c.text;
  }
}

TEST(FilterTest, DatasetsHaveTheirOwnStatesAndFields) {
  EXPECT_TRUE(ParseFilter("state=ACTIVE AND labels.a=b", FilterTarget::kDatasets).ok());
  EXPECT_FALSE(ParseFilter("state=RUNNING", FilterTarget::kDatasets).ok());
  EXPECT_FALSE(ParseFilter("selector=random", FilterTarget::kDatasets).ok());
}

TEST(FilterTest, LengthIsBounded) {
  std::string many = "state=RUNNING";
  for (int i = 0; i < 40; ++i) many += " AND state=RUNNING";
  EXPECT_FALSE(ParseFilter(many, FilterTarget::kJobs).ok());
  EXPECT_FALSE(ParseFilter(std::string(5000, ' '), FilterTarget::kJobs).ok());
}

}  // namespace
}  // namespace winnow::domain
