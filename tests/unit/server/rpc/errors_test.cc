#include "server/rpc/errors.h"

#include <fstream>
#include <regex>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using absl::StatusCode;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace reason = domain::reason;

// The reasons of the contract, read from the header that lists them.
std::set<std::string> DeclaredReasons() {
  std::ifstream file("server/domain/reasons.h");
  std::set<std::string> reasons;
  const std::regex declaration("constexpr char k[A-Za-z]+\\[\\] = \"([A-Z_]+)\"");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_search(line, match, declaration)) reasons.insert(match[1]);
  }
  return reasons;
}

TEST(ErrorsTest, TheTableHasEveryReasonThatAnErrorCanHave) {
  const std::set<std::string> declared = DeclaredReasons();
  ASSERT_GT(declared.size(), 50u);
  // Causes of a change of state that come without an error.
  const std::set<std::string> causes = {reason::kCrash, reason::kDrain, reason::kUserRequest};
  const std::vector<std::string> known = KnownReasons();
  for (const std::string& declared_reason : declared) {
    if (causes.count(declared_reason) > 0) continue;
    EXPECT_THAT(known, Contains(declared_reason));
  }
  for (const std::string& row : known) EXPECT_THAT(declared, Contains(row));
}

TEST(ErrorsTest, TheTableDecidesTheCode) {
  const absl::Status status = domain::MakeError(StatusCode::kUnknown, reason::kJobNotFound, "m");
  EXPECT_THAT(ToGrpcStatus(status), Refused(grpc::StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
  const absl::Status other = domain::MakeError(StatusCode::kAborted, "NEW_REASON", "m");
  EXPECT_THAT(ToGrpcStatus(other), Refused(grpc::StatusCode::ABORTED, "NEW_REASON"));
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(ErrorsTest, DetailsSayWhatIsConcerned) {
  const Refusal missing = ParseRefusal(ToGrpcStatus(domain::JobNotFound("tenants/t/jobs/j")));
  EXPECT_EQ(missing.resource.resource_name(), "tenants/t/jobs/j");
  EXPECT_EQ(missing.resource.resource_type(), "winnow.v1/Job");

  domain::Error full;
  full.code = StatusCode::kResourceExhausted;
  full.reason = reason::kTenantQueueFull;
  full.message = "too many";
  full.subject = "tenants/t";
  full.retry_after = absl::Milliseconds(1500);
  const Refusal quota = ParseRefusal(ToGrpcStatus(domain::ToStatus(full)));
  EXPECT_EQ(quota.quota.violations(0).subject(), "tenants/t");
  EXPECT_DOUBLE_EQ(quota.retry_s, 1.5);

  const Refusal state = ParseRefusal(ToGrpcStatus(domain::MakeError(
      StatusCode::kFailedPrecondition, reason::kJobNotRunning, "no", "tenants/t/jobs/j")));
  EXPECT_EQ(state.precondition.violations(0).type(), "JOB_NOT_RUNNING");
  EXPECT_EQ(state.precondition.violations(0).subject(), "tenants/t/jobs/j");
}

TEST(ErrorsTest, AThousandViolationsStaySmall) {
  std::vector<domain::FieldViolation> violations;
  for (int i = 0; i < 1000; ++i) {
    violations.push_back({absl::StrCat("columns.", i), std::string(400, 'x')});
  }
  const Refusal refusal = ParseRefusal(ToGrpcStatus(domain::InvalidFields(violations)));
  EXPECT_LE(refusal.detail_bytes, kMaxDetailBytes);
  EXPECT_LE(refusal.message.size(), kMaxMessageBytes);
  const auto& listed = refusal.bad_request.field_violations();
  ASSERT_GE(listed.size(), 10);
  ASSERT_LE(listed.size(), static_cast<int>(kMaxViolations) + 1);
  const int kept = listed.size() - 1;
  EXPECT_EQ(listed[kept].description(), absl::StrCat("+", 1000 - kept, " more"));
  EXPECT_EQ(listed[0].field(), "columns.0");
  EXPECT_LE(listed[0].description().size(), kMaxDescriptionBytes);
}

TEST(ErrorsTest, SixteenViolationsAreAllListed) {
  std::vector<domain::FieldViolation> violations(16, {"f", "d"});
  EXPECT_EQ(ParseRefusal(ToGrpcStatus(domain::InvalidFields(violations)))
                .bad_request.field_violations_size(),
            16);
}

TEST(ErrorsTest, HostileMetadataCannotPushTheReasonOut) {
  domain::Error error;
  error.code = StatusCode::kOutOfRange;
  error.reason = reason::kWrongOffset;
  for (int i = 0; i < 100; ++i) error.metadata[absl::StrCat("key", i)] = std::string(1000, 'v');
  const Refusal refusal = ParseRefusal(ToGrpcStatus(domain::ToStatus(error)));
  EXPECT_LE(refusal.detail_bytes, kMaxDetailBytes);
  EXPECT_EQ(refusal.info.reason(), "WRONG_OFFSET");
}

TEST(ErrorsTest, OurOwnFaultsAreHidden) {
  const Refusal refusal = ParseRefusal(
      ToGrpcStatus(absl::InternalError("SELECT secret FROM /var/lib/winnow/winnow.db")));
  EXPECT_EQ(refusal.code, grpc::StatusCode::INTERNAL);
  EXPECT_EQ(refusal.info.reason(), "INTERNAL");
  EXPECT_THAT(refusal.message, Not(HasSubstr("SELECT")));
  EXPECT_THAT(refusal.message, Not(HasSubstr("winnow.db")));
  EXPECT_THAT(refusal.message, HasSubstr(refusal.info.metadata().at("id")));
}

TEST(ErrorsTest, AJobsErrorIsShownAsItHappened) {
  domain::Error error;
  error.reason = reason::kEventMismatch;
  error.message = "event 7 differs";
  const google::rpc::Status status = ToRpcStatus(error);
  EXPECT_EQ(status.code(), static_cast<int>(StatusCode::kInternal));
  EXPECT_EQ(status.message(), "event 7 differs");
  const domain::Error back = FromRpcStatus(status);
  EXPECT_EQ(back.reason, reason::kEventMismatch);
  EXPECT_EQ(back.message, error.message);
}

using ErrorsOverGrpcTest = RpcTest;

// 1.51 refuses trailers above 8 KB with another code and no details at all.
TEST_F(ErrorsOverGrpcTest, AThousandViolationsReachTheClient) {
  MakeDataset();
  v1::CreateJobRequest request = JobRequest("Not An Id");
  request.set_request_id("not a uuid");
  for (int i = 0; i < 1000; ++i) {
    (*request.mutable_job()->mutable_spec()->mutable_labels())[absl::StrCat("key", i)] =
        std::string(200, 'x');
  }
  v1::Job job;
  const grpc::Status status = Create(request, &job);
  EXPECT_THAT(status, Refused(grpc::StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  const Refusal refusal = ParseRefusal(status);
  EXPECT_EQ(refusal.bad_request.field_violations(0).field(), "job_id");
  EXPECT_EQ(refusal.bad_request.field_violations(1).field(), "request_id");
  EXPECT_LE(refusal.detail_bytes, kMaxDetailBytes);
}

TEST_F(ErrorsOverGrpcTest, WaitingIsSuggestedInTheTrailerThatClientsRead) {
  MakeDataset();
  server_->gate.Drain();
  grpc::ClientContext context;
  v1::Job job;
  const grpc::Status status = jobs_->CreateJob(&context, JobRequest(), &job);
  EXPECT_THAT(status, Refused(grpc::StatusCode::UNAVAILABLE, "DRAINING"));
  EXPECT_GT(ParseRefusal(status).retry_s, 0);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, trailers.end());
  EXPECT_EQ(std::string(pushback->second.begin(), pushback->second.end()), "1000");
  EXPECT_EQ(telemetry_.Count("rejected DRAINING"), 1);
}

}  // namespace
}  // namespace winnow::rpc
