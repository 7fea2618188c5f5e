#include "client/cpp/client.h"

#include <set>

#include "client/cpp/crc32c.h"
#include "client/cpp/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/cpp/fake_server_testing.h"

namespace winnow::client {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::winnow::test::StatusIs;

TEST(ClientTest, ARefusalCarriesItsReason) {
  FakeServer server;
  const absl::Status status = server.Connect()->GetDataset("none").status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, "no dataset none"));
  EXPECT_EQ(ErrorOf(status).reason, "DATASET_NOT_FOUND");
  EXPECT_FALSE(IsUnreachable(status));
}

TEST(ClientTest, AServerThatIsNotThereIsUnreachable) {
  FakeServer server;
  server.Stop();
  EXPECT_TRUE(IsUnreachable(server.Connect()->GetJob("j").status()));
}

TEST(ClientTest, AnInterruptedClientMakesNoCalls) {
  FakeServer server;
  const auto client = server.Connect();
  client->cancellation().Cancel();
  EXPECT_THAT(client->GetJob("j").status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(client->cancellation().Pause(absl::Hours(1)), StatusIs(absl::StatusCode::kCancelled));
}

TEST(ClientTest, RequestIdsAreUuidsAndDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const std::string id = NewRequestId();
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                 "[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 100u);
}

TEST(ClientTest, ArtifactNamesFollowTheJobsForm) {
  EXPECT_EQ(ArtifactName("j1", "run.json"), "j1/run.json");
  EXPECT_EQ(ArtifactName("tenants/t/jobs/j1", "run.json"), "tenants/t/jobs/j1/artifacts/run.json");
}

TEST(ErrorTest, EveryDetailSurvivesTheStatus) {
  Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.message = "2 mistakes";
  error.reason = "INVALID_FIELDS";
  error.metadata = {{"known", "a, b"}};
  error.violations = {{"a.b", "expected 1"}, {"c", "expected 2"}};
  error.retry_after = absl::Milliseconds(1500);
  const Error back = ErrorOf(Annotate(ToStatus(error), "job.yaml"));
  EXPECT_EQ(back.message, "job.yaml: 2 mistakes");
  EXPECT_EQ(back.reason, error.reason);
  EXPECT_EQ(back.metadata, error.metadata);
  EXPECT_THAT(back.violations, ElementsAre(error.violations[0], error.violations[1]));
  EXPECT_EQ(back.retry_after, error.retry_after);
}

TEST(ErrorTest, DetailsThatAreNoneAreLeftAlone) {
  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff not a status"));
  EXPECT_EQ(ErrorOf(status).message, "gone");
  EXPECT_EQ(ErrorOf(status).reason, "");
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32cTest, GivesThePublishedValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

// FIPS 180-2, appendix B.1.
TEST(Sha256Test, GivesThePublishedValue) {
  EXPECT_EQ(HashOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace winnow::client
