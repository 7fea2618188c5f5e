#include "tests/support/status_matchers.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace winnow::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Status kGone = absl::NotFoundError("a.csv is not there");

TEST(StatusMatchers, IsOkTellsOkFromError) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<int>(1), IsOk());
  EXPECT_THAT(kGone, Not(IsOk()));
  EXPECT_THAT(absl::StatusOr<int>(kGone), Not(IsOk()));
}

TEST(StatusMatchers, StatusIsLooksAtCodeAndMessage) {
  EXPECT_THAT(kGone, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(kGone, StatusIs(absl::StatusCode::kNotFound, HasSubstr("a.csv")));
  EXPECT_THAT(kGone, StatusIs(absl::StatusCode::kNotFound, "a.csv is not there"));
  EXPECT_THAT(absl::StatusOr<int>(kGone), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(kGone, Not(StatusIs(absl::StatusCode::kInternal)));
  EXPECT_THAT(kGone, Not(StatusIs(absl::StatusCode::kInternal, HasSubstr("a.csv"))));
  EXPECT_THAT(kGone, Not(StatusIs(absl::StatusCode::kNotFound, HasSubstr("b.csv"))));
  EXPECT_THAT(kGone, Not(StatusIs(absl::StatusCode::kNotFound, "a.csv")));
}

TEST(StatusMatchers, IsOkAndHoldsLooksAtTheValue) {
  EXPECT_THAT(absl::StatusOr<std::string>("abc"), IsOkAndHolds(HasSubstr("b")));
  EXPECT_THAT(absl::StatusOr<std::string>("abc"), Not(IsOkAndHolds("b")));
  EXPECT_THAT(absl::StatusOr<std::string>(kGone), Not(IsOkAndHolds("abc")));
}

TEST(StatusMatchers, AssertOkAndAssignTakesTheValue) {
  ASSERT_OK_AND_ASSIGN(const std::string value, absl::StatusOr<std::string>("abc"));
  EXPECT_EQ(value, "abc");
}

TEST(StatusMatchers, AssertOkAndAssignFailsWithTheMessageOfTheStatus) {
  EXPECT_FATAL_FAILURE(
      { ASSERT_OK_AND_ASSIGN([[maybe_unused]] int value, absl::StatusOr<int>(kGone)); },
      "a.csv is not there");
}

TEST(StatusMatchers, ExpectOkFailsWithTheMessageOfTheStatus) {
  EXPECT_NONFATAL_FAILURE(EXPECT_OK(kGone), "a.csv is not there");
}

}  // namespace
}  // namespace winnow::test
