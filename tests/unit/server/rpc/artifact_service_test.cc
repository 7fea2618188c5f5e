#include <filesystem>
#include <fstream>

#include "server/base/crc32c.h"
#include "server/base/sha256.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class ArtifactServiceTest : public RpcTest {
 protected:
  void SetUp() override {
    limits_.download_chunk_bytes = 1000;
    RpcTest::SetUp();
    MakeDataset();
  }

  // A finished job "j" with the artifact selection.json.
  void MakeJob(const std::string& content) {
    SetScript(domain::WorkKind::kJob, [content](FakeWorker& worker) {
      if (worker.Attach()) worker.FinishWithFile("selection.json", content);
    });
    MustCreate(JobRequest("j"));
    WaitForState("j", v1::Job::STATE_SUCCEEDED);
  }
  grpc::Status Download(const std::string& name, int64_t offset, std::string* content) {
    grpc::ClientContext context;
    v1::DownloadArtifactRequest request;
    request.set_name(name);
    request.set_read_offset(offset);
    auto reader = artifacts_->DownloadArtifact(&context, request);
    v1::DownloadArtifactResponse frame;
    content->clear();
    while (reader->Read(&frame)) {
      EXPECT_EQ(frame.offset(), offset + static_cast<int64_t>(content->size()));
      EXPECT_EQ(frame.data_crc32c(), server::Crc32c(frame.data().data(), frame.data().size()));
      EXPECT_LE(frame.data().size(), 1000u);
      *content += frame.data();
    }
    return reader->Finish();
  }
  grpc::Status Get(const std::string& name, v1::Artifact* artifact) {
    grpc::ClientContext context;
    v1::GetArtifactRequest request;
    request.set_name(name);
    return artifacts_->GetArtifact(&context, request, artifact);
  }
  std::vector<std::string> List(const std::string& parent) {
    grpc::ClientContext context;
    v1::ListArtifactsRequest request;
    request.set_parent(parent);
    v1::ListArtifactsResponse response;
    EXPECT_THAT(artifacts_->ListArtifacts(&context, request, &response), IsGrpcOk());
    std::vector<std::string> names;
    for (const auto& artifact : response.artifacts()) {
      names.push_back(artifact.name().substr(artifact.name().rfind('/') + 1));
    }
    return names;
  }

  std::string content_;
  v1::Artifact artifact_;
};

TEST_F(ArtifactServiceTest, DescribesAndDownloads) {
  std::string content(12'345, 'x');
  content[7'000] = 'y';
  MakeJob(content);
  ASSERT_THAT(Get("j/selection.json", &artifact_), IsGrpcOk());
  EXPECT_EQ(artifact_.name(), "tenants/default/jobs/j/artifacts/selection.json");
  EXPECT_EQ(artifact_.size_bytes(), 12'345);
  EXPECT_EQ(artifact_.sha256(), server::Sha256Hex(content));
  EXPECT_EQ(artifact_.media_type(), "application/json");
  EXPECT_TRUE(artifact_.has_create_time());
  ASSERT_THAT(Download(artifact_.name(), 0, &content_), IsGrpcOk());
  EXPECT_EQ(content_, content);
  ASSERT_THAT(Download("j/selection.json", 6'999, &content_), IsGrpcOk());
  EXPECT_EQ(content_, content.substr(6'999));
  ASSERT_THAT(Download("j/selection.json", 12'345, &content_), IsGrpcOk());
  EXPECT_EQ(content_, "");
  for (const int64_t offset : {-1, 12'346}) {
    EXPECT_THAT(Download("j/selection.json", offset, &content_),
                Refused(StatusCode::OUT_OF_RANGE, "WRONG_OFFSET"));
  }
  EXPECT_THAT(List("j"), ElementsAre("selection.json", "worker.log"));
}

TEST_F(ArtifactServiceTest, TheWorkersLogIsThereWhileTheJobRuns) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  MustCreate(JobRequest("j"));
  WaitForState("j", v1::Job::STATE_RUNNING);
  WaitUntil([&] { return Get("j/worker.log", &artifact_).ok(); });
  EXPECT_EQ(artifact_.sha256(), "");  // it grows
  EXPECT_THAT(artifact_.media_type(), HasSubstr("text/plain"));
  ASSERT_THAT(Download("j/worker.log", 0, &content_), IsGrpcOk());
  EXPECT_THAT(content_, HasSubstr("attempts/1"));
}

TEST_F(ArtifactServiceTest, LogsOfEarlierAttemptsAreKept) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach() || worker.assignment().job().attempt() == 1) return;  // the first dies
    worker.FinishWithFile("selection.json", "{}");
  });
  MustCreate(JobRequest("j"));
  WaitForState("j", v1::Job::STATE_SUCCEEDED);
  EXPECT_THAT(List("j"), ElementsAre("selection.json", "worker-1.log", "worker.log"));
  ASSERT_THAT(Download("j/worker-1.log", 0, &content_), IsGrpcOk());
  EXPECT_THAT(content_, HasSubstr("attempts/1"));
  ASSERT_THAT(Download("j/worker.log", 0, &content_), IsGrpcOk());
  EXPECT_THAT(content_, HasSubstr("attempts/2"));
  ASSERT_THAT(Get("j/worker.log", &artifact_), IsGrpcOk());
  EXPECT_EQ(artifact_.sha256(), server::Sha256Hex(content_));
}

TEST_F(ArtifactServiceTest, ListsInPages) {
  MakeJob("{}");
  v1::ListArtifactsRequest request;
  request.set_parent("j");
  request.set_page_size(1);
  v1::ListArtifactsResponse page;
  grpc::ClientContext first;
  ASSERT_THAT(artifacts_->ListArtifacts(&first, request, &page), IsGrpcOk());
  ASSERT_EQ(page.artifacts_size(), 1);
  EXPECT_THAT(page.artifacts(0).name(), HasSubstr("selection.json"));
  request.set_page_token(page.next_page_token());
  grpc::ClientContext second;
  page.Clear();
  ASSERT_THAT(artifacts_->ListArtifacts(&second, request, &page), IsGrpcOk());
  EXPECT_THAT(page.artifacts(0).name(), HasSubstr("worker.log"));
  EXPECT_EQ(page.next_page_token(), "");
  grpc::ClientContext third;
  request.set_page_token("forged");
  EXPECT_THAT(artifacts_->ListArtifacts(&third, request, &page),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"));
}

TEST_F(ArtifactServiceTest, WhatIsNotThere) {
  MakeJob("{}");
  EXPECT_THAT(Get("j/nothing.json", &artifact_),
              Refused(StatusCode::NOT_FOUND, "ARTIFACT_NOT_FOUND"));
  EXPECT_THAT(Get("nobody/selection.json", &artifact_),
              Refused(StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
  EXPECT_THAT(Get("tenants/other/jobs/j/artifacts/selection.json", &artifact_),
              Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
  EXPECT_THAT(Download("j/..", 0, &content_),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_NAME"));
}

TEST_F(ArtifactServiceTest, AFileThatTheDiskLostIsOurFaultAndTellsNoPath) {
  MakeJob("{}");
  std::filesystem::remove(layout_.JobDir({"default", "j"}) + "/attempt-1/selection.json");
  const grpc::Status status = Download("j/selection.json", 0, &content_);
  EXPECT_THAT(status, Refused(StatusCode::INTERNAL, "INTERNAL"));
  EXPECT_THAT(status.error_message(), testing::Not(HasSubstr(layout_.root())));
}

}  // namespace
}  // namespace winnow::rpc
