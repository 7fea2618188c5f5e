// Matchers of absl::Status and absl::StatusOr.
//
//   ASSERT_OK(store.Open(path));
//   ASSERT_OK_AND_ASSIGN(Table table, ReadTable(path));
//   EXPECT_THAT(ReadTable(path), IsOkAndHolds(SizeIs(3)));
//   EXPECT_THAT(ReadTable("gone.csv"), StatusIs(absl::StatusCode::kNotFound,
//   HasSubstr("gone.csv")));
#ifndef WINNOW_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define WINNOW_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::test {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// A test's message for a status: its code and text.
inline std::string Describe(const absl::Status& status) { return status.ToString(); }

// Matches an OK Status or StatusOr.
MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << Describe(StatusOf(arg));
  return StatusOf(arg).ok();
}

// Matches a Status or StatusOr of this code whose message matches: a matcher, or the exact text.
MATCHER_P2(StatusIs, code, message,
           std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code) +
               " with a message that " +
               ::testing::DescribeMatcher<std::string>(message, negation)) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << Describe(status);
  return status.code() == code &&
         ::testing::ExplainMatchResult(message, std::string(status.message()), result_listener);
}

// Matches a Status or StatusOr of this code.
MATCHER_P(StatusIs, code,
          std::string(negation ? "is not " : "is ") + absl::StatusCodeToString(code)) {
  *result_listener << Describe(StatusOf(arg));
  return StatusOf(arg).code() == code;
}

// Matches a StatusOr that is OK and whose value matches.
MATCHER_P(IsOkAndHolds, value,
          "is OK and holds a value that " +
              ::testing::DescribeMatcher<typename std::remove_cvref_t<arg_type>::value_type>(
                  value, negation)) {
  if (!arg.ok()) {
    *result_listener << Describe(arg.status());
    return false;
  }
  return ::testing::ExplainMatchResult(value, *arg, result_listener);
}

}  // namespace winnow::test

#define EXPECT_OK(expression) EXPECT_THAT((expression), ::winnow::test::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT((expression), ::winnow::test::IsOk())

// Declares or assigns `lhs` from the StatusOr `expression`; ends the test if that is not OK.
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  WINNOW_ASSERT_OK_AND_ASSIGN_(WINNOW_TEST_CONCAT_(winnow_result_, __LINE__), lhs, expression)
#define WINNOW_ASSERT_OK_AND_ASSIGN_(result, lhs, expression) \
  auto result = (expression);                                 \
  ASSERT_THAT(result, ::winnow::test::IsOk());                \
  lhs = *std::move(result)
#define WINNOW_TEST_CONCAT_(a, b) WINNOW_TEST_CONCAT_INNER_(a, b)
#define WINNOW_TEST_CONCAT_INNER_(a, b) a##b

#endif  // WINNOW_TESTS_SUPPORT_STATUS_MATCHERS_H_
