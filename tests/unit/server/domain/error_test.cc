#include "server/domain/error.h"

#include "absl/strings/cord.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/event.h"
#include "server/domain/json_text.h"

namespace winnow::domain {
namespace {

Error FullError() {
  Error error;
  error.code = absl::StatusCode::kResourceExhausted;
  error.reason = reason::kTenantQueueFull;
  error.message = "the queue of tenant t is full (1000 jobs)";
  error.subject = "tenants/t";
  error.violations = {{"a.b", "must be > 0, got -1"}, {"c", "is missing"}};
  error.metadata = {{"limit", "1000"}, {"odd \"key\"", "\n"}};
  error.retry_after = absl::Milliseconds(2500);
  return error;
}

void ExpectSame(const Error& a, const Error& b) {
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.subject, b.subject);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.retry_after, b.retry_after);
  ASSERT_EQ(a.violations.size(), b.violations.size());
  for (size_t i = 0; i < a.violations.size(); ++i) {
    EXPECT_EQ(a.violations[i].field, b.violations[i].field);
    EXPECT_EQ(a.violations[i].description, b.violations[i].description);
  }
}

TEST(ErrorTest, TravelsInsideAStatusUnchanged) {
  const absl::Status status = ToStatus(FullError());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(std::string(status.message()), FullError().message);
  ExpectSame(FromStatus(status), FullError());
  EXPECT_EQ(ReasonOf(status), reason::kTenantQueueFull);
}

TEST(ErrorTest, TextGoesBothWays) {
  Error read;
  ASSERT_TRUE(DecodeError(EncodeError(FullError()), &read).ok());
  ExpectSame(read, FullError());
}

TEST(ErrorTest, BytesThatAreNotUtf8DoNotLoseTheError) {
  Error error = FullError();
  error.message = "cell \"\xff\xfe\"";
  const Error read = FromStatus(ToStatus(error));
  EXPECT_EQ(read.reason, error.reason);
  EXPECT_EQ(read.message, error.message);
}

TEST(ErrorTest, PlainStatusGetsTheReasonOfItsCode) {
  const Error error = FromStatus(absl::NotFoundError("no such file"));
  EXPECT_EQ(error.reason, "NOT_FOUND");
  EXPECT_EQ(error.message, "no such file");
  EXPECT_FALSE(error.retry_after.has_value());
}

TEST(ErrorTest, AForeignPayloadIsNotTakenForOurs) {
  absl::Status status = absl::InternalError("x");
  for (const char* text : {"", "{}", "[]", "not json", "{\"code\": \"five\"}"}) {
    status.SetPayload("winnow.v1/error", absl::Cord(text));
    EXPECT_EQ(FromStatus(status).reason, "INTERNAL") << text;
    Error unused;
    EXPECT_EQ(DecodeError(text, &unused).code(), absl::StatusCode::kDataLoss) << text;
  }
}

TEST(ErrorTest, InvalidFieldsListsAllViolations) {
  const Error error = FromStatus(InvalidFields({{"a", "is missing"}, {"b", "must be > 0"}}));
  EXPECT_EQ(error.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error.reason, reason::kInvalidFields);
  EXPECT_EQ(error.message, "a: is missing; b: must be > 0");
  EXPECT_EQ(error.violations.size(), 2u);
}

TEST(StateChangeTest, TextGoesBothWays) {
  StateChange change;
  change.from = JobState::kRunning;
  change.to = JobState::kSucceeded;
  change.attempt = 4;
  change.reason = reason::kUserRequest;
  change.error = FullError();
  change.stopped_early = true;
  change.artifacts = {{"selection.json", "attempt-4/selection.json", 123, std::string(64, 'a'),
                       absl::FromUnixMicros(1'700'000'000'123'456)}};
  StateChange read;
  ASSERT_TRUE(DecodeStateChange(EncodeStateChange(change), &read).ok());
  EXPECT_EQ(read.from, change.from);
  EXPECT_EQ(read.to, change.to);
  EXPECT_EQ(read.attempt, 4);
  EXPECT_EQ(read.reason, change.reason);
  EXPECT_TRUE(read.stopped_early);
  ExpectSame(*read.error, *change.error);
  ASSERT_EQ(read.artifacts.size(), 1u);
  EXPECT_EQ(read.artifacts[0].path, change.artifacts[0].path);
  EXPECT_EQ(read.artifacts[0].size_bytes, 123);
  EXPECT_EQ(read.artifacts[0].create_time, change.artifacts[0].create_time);
  EXPECT_EQ(DecodeStateChange("{}", &read).code(), absl::StatusCode::kDataLoss);
}

TEST(StateChangeTest, FirstEventHasNoStateBefore) {
  StateChange read;
  ASSERT_TRUE(DecodeStateChange(EncodeStateChange(StateChange{}), &read).ok());
  EXPECT_FALSE(read.from.has_value());
  EXPECT_FALSE(read.error.has_value());
}

TEST(TextMapTest, GoesBothWays) {
  const std::map<std::string, std::string> map = {{"a", "1"}, {"b c", "\"x\""}};
  std::map<std::string, std::string> read;
  EXPECT_TRUE(DecodeTextMap(EncodeTextMap(map), &read));
  EXPECT_EQ(read, map);
  EXPECT_FALSE(DecodeTextMap("[1]", &read));
  EXPECT_FALSE(DecodeTextMap("{\"a\": 1}", &read));
}

}  // namespace
}  // namespace winnow::domain
