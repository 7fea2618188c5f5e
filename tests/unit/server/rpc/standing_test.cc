// Streams do not outlive the credential that let them in.
#include "server/rpc/standing.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/crc32c.h"
#include "server/base/sha256.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
namespace reason = domain::reason;

std::string Line(const std::string& token, const std::string& role = "admin",
                 const std::string& expires = "never", const std::string& tenant = "default") {
  return absl::StrCat("token ", server::Sha256Hex(token), " ", tenant, " ", role, " ", expires, " ",
                      token, "\n");
}

std::string SoonText(absl::Duration from_now) {
  return absl::FormatTime(absl::RFC3339_full, absl::Now() + from_now, absl::UTCTimeZone());
}

void Present(grpc::ClientContext& context, const std::string& token) {
  context.AddMetadata("authorization", "Bearer " + token);
  // Far above what the server may take, and a test that fails ends.
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

class StandingTest : public RpcTest {
 protected:
  void SetUp() override {
    limits_.download_chunk_bytes = 64 << 10;
    RpcTest::SetUp();
    MakeDataset();
    SetScript(domain::WorkKind::kJob, RunsUntilKilled());
    MustCreate(JobRequest("j"));
    Write("");
    authenticator_ = *auth::Authenticator::Load(server::RealFileSystem(), &clock_, file_);
  }
  // From here on calls need a token. No call may be under way.
  void AskForTokens(const std::string& credentials) {
    Change(credentials);
    server_->deps.authenticator = authenticator_.get();
  }
  void Write(const std::string& credentials) { std::ofstream(file_) << credentials; }
  void Change(const std::string& credentials) {
    Write(credentials);
    ASSERT_OK(authenticator_->Reload());
  }

  const std::string file_ = dir_.File("credentials");
};

class OpenWatch {
 public:
  OpenWatch(v1::JobService::Stub& stub, const std::string& token) {
    Present(context_, token);
    v1::WatchJobRequest request;
    request.set_name("j");
    reader_ = stub.WatchJob(&context_, request);
    EXPECT_TRUE(Read());
  }
  ~OpenWatch() { context_.TryCancel(); }
  bool Read() {
    v1::JobEvent event;
    return reader_->Read(&event);
  }
  grpc::Status ReadToEnd() {
    while (Read()) {
    }
    return reader_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::JobEvent>> reader_;
};

// An upload of which ten bytes have come, and then nothing.
class IdleUpload {
 public:
  IdleUpload(v1::DatasetService::Stub& stub, const std::string& token, const std::string& dataset) {
    grpc::ClientContext context;
    Present(context, token);
    v1::CreateDatasetRequest request;
    request.set_dataset_id(dataset);
    auto& file = *request.mutable_dataset()->add_files();
    file.set_filename("a.csv");
    file.set_size_bytes(100);
    file.set_sha256(std::string(64, 'a'));
    v1::Dataset made;
    EXPECT_THAT(stub.CreateDataset(&context, request, &made), IsGrpcOk());
    Present(context_, token);
    writer_ = stub.UploadDataset(&context_, &response_);
    v1::UploadDatasetRequest frame;
    frame.set_name(dataset);
    frame.set_data("0123456789");
    frame.set_data_crc32c(server::Crc32c("0123456789", 10));
    EXPECT_TRUE(writer_->Write(frame));
  }
  // What the server says, though the client has neither sent more nor said that it is done.
  grpc::Status Wait() { return writer_->Finish(); }

 private:
  grpc::ClientContext context_;
  v1::UploadDatasetResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::UploadDatasetRequest>> writer_;
};

TEST_F(StandingTest, AWatchEndsWhenItsTokenExpires) {
  AskForTokens(Line("long") + Line("short", "reader", SoonText(absl::Seconds(1))));
  OpenWatch stays(*jobs_, "long");
  OpenWatch ends(*jobs_, "short");
  EXPECT_THAT(ends.ReadToEnd(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenExpired));
  EXPECT_EQ(telemetry_.Count("watch closed CREDENTIAL"), 1);
  WaitUntil([&] { return telemetry_.Count("watchers") == 1; });
  EXPECT_TRUE(stays.Read());
}

TEST_F(StandingTest, AWatchEndsWhenItsTokenIsWithdrawn) {
  AskForTokens(Line("one") + Line("two"));
  OpenWatch one(*jobs_, "one");
  OpenWatch two(*jobs_, "two");
  Change(Line("one"));
  EXPECT_THAT(two.ReadToEnd(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenInvalid));
  EXPECT_TRUE(one.Read());
  // The same token for another tenant is not the one that was let in.
  Change(Line("one", "admin", "never", "search"));
  EXPECT_THAT(one.ReadToEnd(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenInvalid));
}

TEST_F(StandingTest, ARoleThatStillSufficesChangesNothing) {
  AskForTokens(Line("one", "submitter"));
  OpenWatch watch(*jobs_, "one");
  IdleUpload upload(*datasets_, "one", "d");
  Change(Line("one", "reader"));
  EXPECT_THAT(upload.Wait(), Refused(StatusCode::PERMISSION_DENIED, reason::kRoleMissing));
  EXPECT_TRUE(watch.Read());
}

TEST_F(StandingTest, AnIdleUploadEndsAndKeepsItsBytes) {
  AskForTokens(Line("one") + Line("two") + Line("short", "submitter", SoonText(absl::Seconds(1))));
  IdleUpload expires(*datasets_, "short", "expires");
  IdleUpload withdrawn(*datasets_, "two", "withdrawn");
  WaitUntil([&] { return telemetry_.Count("upload bytes") == 20; });
  Change(Line("one") + Line("short", "submitter", SoonText(absl::Seconds(1))));
  EXPECT_THAT(withdrawn.Wait(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenInvalid));
  EXPECT_THAT(expires.Wait(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenExpired));
  WaitUntil([&] { return telemetry_.Count("uploads") == 0; });
  for (const char* dataset : {"withdrawn", "expires"}) {
    grpc::ClientContext context;
    Present(context, "one");
    v1::GetDatasetRequest request;
    request.set_name(dataset);
    v1::Dataset found;
    ASSERT_THAT(datasets_->GetDataset(&context, request, &found), IsGrpcOk());
    EXPECT_EQ(found.files(0).committed_size_bytes(), 10);
  }
}

TEST_F(StandingTest, AnIdleUploadEndsWithTheServersDrain) {
  IdleUpload upload(*datasets_, "nobody", "d");
  WaitUntil([&] { return telemetry_.Count("upload bytes") == 10; });
  server_->gate.Drain();
  EXPECT_THAT(upload.Wait(), Refused(StatusCode::UNAVAILABLE, reason::kDraining));
}

TEST_F(StandingTest, ADownloadEndsBeforeTheWholeFileIsOut) {
  // More than both ends buffer.
  const size_t size = 32 << 20;
  SetScript(domain::WorkKind::kJob, [&](FakeWorker& worker) {
    if (worker.Attach()) worker.FinishWithFile("selection.json", std::string(size, 'x'));
  });
  MustCreate(JobRequest("big"));
  WaitForState("big", v1::Job::STATE_SUCCEEDED);
  AskForTokens(Line("one"));
  grpc::ClientContext context;
  Present(context, "one");
  v1::DownloadArtifactRequest request;
  request.set_name("big/selection.json");
  const auto reader = artifacts_->DownloadArtifact(&context, request);
  v1::DownloadArtifactResponse frame;
  ASSERT_TRUE(reader->Read(&frame));
  Change("");
  size_t read = frame.data().size();
  while (reader->Read(&frame)) read += frame.data().size();
  EXPECT_THAT(reader->Finish(), Refused(StatusCode::UNAUTHENTICATED, reason::kTokenInvalid));
  EXPECT_LT(read, size);
}

}  // namespace
}  // namespace winnow::rpc
