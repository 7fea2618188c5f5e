#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/base/crc32c.h"
#include "server/base/failpoints.h"
#include "server/base/sha256.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
namespace fs = std::filesystem;

// Bytes in which no two places look alike.
std::string SomeBytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& c : bytes) {
    state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

class UploadTest : public RpcTest {
 protected:
  void SetUp() override {
    limits_.upload_commit_bytes = 1000;
    RpcTest::SetUp();
    SetScript(domain::WorkKind::kImport, [](FakeWorker& worker) {
      if (!worker.Attach()) return;
      const auto& assignment = worker.assignment().dataset_import();
      std::ofstream(assignment.output_dir() + "/table.bin") << "packed";
      internal::v1::AttachRequest message;
      auto& imported = *message.mutable_import_finished()->mutable_imported();
      imported.set_profile_json(ToJson(SomeProfile()).dump());
      imported.set_sha256(std::string(64, 'a'));
      worker.Finish(message);
    });
  }
  void TearDown() override { ASSERT_OK(server::SetFailpoints("")); }

  void Declare(const std::string& id, const std::vector<std::string>& contents,
               const std::string& sha256 = "") {
    grpc::ClientContext context;
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    for (size_t i = 0; i < contents.size(); ++i) {
      auto& file = *request.mutable_dataset()->add_files();
      file.set_filename(absl::StrCat("part-", i, ".csv"));
      file.set_size_bytes(static_cast<int64_t>(contents[i].size()));
      file.set_sha256(sha256.empty() ? server::Sha256Hex(contents[i]) : sha256);
    }
    v1::Dataset dataset;
    ASSERT_THAT(datasets_->CreateDataset(&context, request, &dataset), IsGrpcOk());
  }
  int64_t Committed(const std::string& id, int index = 0) {
    grpc::ClientContext context;
    v1::GetDatasetRequest request;
    request.set_name(id);
    v1::Dataset dataset;
    EXPECT_THAT(datasets_->GetDataset(&context, request, &dataset), IsGrpcOk());
    return dataset.files(index).committed_size_bytes();
  }

  static v1::UploadDatasetRequest Frame(int64_t offset, const std::string& data,
                                        bool finish = false) {
    v1::UploadDatasetRequest frame;
    frame.set_write_offset(offset);
    frame.set_data(data);
    frame.set_data_crc32c(server::Crc32c(data.data(), data.size()));
    frame.set_finish_write(finish);
    return frame;
  }
  // One call with these frames; the first gets name and index.
  grpc::Status Send(const std::string& id, std::vector<v1::UploadDatasetRequest> frames,
                    int index = 0) {
    grpc::ClientContext context;
    response_.Clear();
    auto writer = datasets_->UploadDataset(&context, &response_);
    if (!frames.empty()) {
      frames[0].set_name(id);
      frames[0].set_file_index(index);
    }
    for (const v1::UploadDatasetRequest& frame : frames) {
      if (!writer->Write(frame)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }
  grpc::Status SendAll(const std::string& id, const std::string& content, int index = 0) {
    return Send(id, {Frame(0, content, true)}, index);
  }
  std::string PartFile(const std::string& id, int index = 0) {
    return layout_.UploadFile({"default", id}, index);
  }

  v1::UploadDatasetResponse response_;
};

TEST_F(UploadTest, FramesBecomeAnImportedDataset) {
  const std::string content = SomeBytes(5000);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 2000)), Frame(2000, ""),
                         Frame(2000, content.substr(2000), true)}),
              IsGrpcOk());
  EXPECT_TRUE(response_.complete());
  EXPECT_EQ(response_.committed_size_bytes(), 5000);
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
  EXPECT_EQ(telemetry_.Count("upload bytes"), 5000);
  // The client has its answer before the server has put the call away.
  WaitUntil([&] { return telemetry_.Count("uploads") == 0; });
}

TEST_F(UploadTest, TheImportStartsWithTheLastFile) {
  const std::vector<std::string> contents = {SomeBytes(300), SomeBytes(400)};
  Declare("d", contents);
  ASSERT_THAT(SendAll("d", contents[1], 1), IsGrpcOk());
  WaitForState("d", v1::Dataset::STATE_UPLOADING);
  ASSERT_THAT(SendAll("d", contents[0], 0), IsGrpcOk());
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
}

TEST_F(UploadTest, AStreamThatEndsEarlyKeepsWhatCame) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 700))}), IsGrpcOk());
  EXPECT_FALSE(response_.complete());
  EXPECT_EQ(response_.committed_size_bytes(), 700);
  EXPECT_EQ(Committed("d"), 700);
  ASSERT_THAT(Send("d", {Frame(700, content.substr(700), true)}), IsGrpcOk());
  EXPECT_TRUE(response_.complete());
}

TEST_F(UploadTest, AWrongOffsetSaysWhereToGoOn) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 1200))}), IsGrpcOk());
  for (const int64_t offset : {0, 500, 1300}) {
    const grpc::Status status = Send("d", {Frame(offset, "abc")});
    EXPECT_THAT(status, Refused(StatusCode::OUT_OF_RANGE, "WRONG_OFFSET")) << offset;
    EXPECT_EQ(ParseRefusal(status).info.metadata().at("committedSizeBytes"), "1200");
  }
  // In the middle of a stream: what came before it is kept.
  EXPECT_THAT(Send("d", {Frame(1200, content.substr(1200, 100)), Frame(1500, "x")}),
              Refused(StatusCode::OUT_OF_RANGE, "WRONG_OFFSET"));
  EXPECT_EQ(Committed("d"), 1300);
}

TEST_F(UploadTest, ACorruptChunkIsNotKept) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  v1::UploadDatasetRequest bad = Frame(400, content.substr(400));
  bad.set_data_crc32c(bad.data_crc32c() ^ 1);
  EXPECT_THAT(Send("d", {Frame(0, content.substr(0, 400)), bad}),
              Refused(StatusCode::ABORTED, "CHUNK_CORRUPT"));
  EXPECT_EQ(Committed("d"), 400);
  EXPECT_EQ(telemetry_.Count("corrupt chunk"), 1);
  ASSERT_THAT(Send("d", {Frame(400, content.substr(400), true)}), IsGrpcOk());
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
}

TEST_F(UploadTest, MoreBytesThanDeclared) {
  const std::string content = SomeBytes(100);
  Declare("d", {content});
  EXPECT_THAT(Send("d", {Frame(0, content + "x", true)}),
              Refused(StatusCode::OUT_OF_RANGE, "WRONG_OFFSET"));
  EXPECT_EQ(Committed("d"), 0);
}

TEST_F(UploadTest, FewerBytesThanDeclaredFailTheDataset) {
  const std::string content = SomeBytes(100);
  Declare("d", {content});
  EXPECT_THAT(Send("d", {Frame(0, content.substr(1), true)}),
              Refused(StatusCode::INVALID_ARGUMENT, "CHECKSUM_MISMATCH"));
  WaitForState("d", v1::Dataset::STATE_FAILED);
}

TEST_F(UploadTest, AnotherHashThanDeclaredFailsTheDataset) {
  const std::string content = SomeBytes(100);
  Declare("d", {content}, std::string(64, '0'));
  EXPECT_THAT(SendAll("d", content), Refused(StatusCode::INVALID_ARGUMENT, "CHECKSUM_MISMATCH"));
  const v1::Dataset failed = WaitForState("d", v1::Dataset::STATE_FAILED);
  EXPECT_EQ(FromRpcStatus(failed.error()).reason, "CHECKSUM_MISMATCH");
  EXPECT_THAT(SendAll("d", content), Refused(StatusCode::FAILED_PRECONDITION, "UPLOAD_NOT_OPEN"));
}

TEST_F(UploadTest, TheHashCoversWhatAnEarlierStreamSent) {
  std::string content = SomeBytes(2500);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 1500))}), IsGrpcOk());
  std::fstream(PartFile("d"), std::ios::in | std::ios::out).seekp(7).put('!');  // a rotten disk
  EXPECT_THAT(Send("d", {Frame(1500, content.substr(1500), true)}),
              Refused(StatusCode::INVALID_ARGUMENT, "CHECKSUM_MISMATCH"));
}

TEST_F(UploadTest, ASecondWriterIsTurnedAway) {
  const std::string content = SomeBytes(100);
  Declare("d", {content});
  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  auto writer = datasets_->UploadDataset(&context, &response);
  v1::UploadDatasetRequest first = Frame(0, content.substr(0, 10));
  first.set_name("d");
  ASSERT_TRUE(writer->Write(first));
  WaitUntil([&] { return telemetry_.Count("upload bytes") == 10; });
  EXPECT_THAT(Send("d", {Frame(0, "x")}), Refused(StatusCode::ABORTED, "UPLOAD_BUSY"));
  v1::UploadDatasetRequest rest = Frame(10, content.substr(10), true);
  ASSERT_TRUE(writer->Write(rest));
  EXPECT_THAT(writer->Finish(), IsGrpcOk());
}

TEST_F(UploadTest, ACompleteFileAnswersAtOnce) {
  const std::string content = SomeBytes(100);
  Declare("d", {content});
  ASSERT_THAT(SendAll("d", content), IsGrpcOk());
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
  ASSERT_THAT(SendAll("d", content), IsGrpcOk());  // the answer to the first was lost
  EXPECT_TRUE(response_.complete());
  EXPECT_EQ(response_.committed_size_bytes(), 100);
}

TEST_F(UploadTest, KnownContentNeedsNoBytes) {
  const std::string content = SomeBytes(100);
  Declare("one", {content});
  ASSERT_THAT(SendAll("one", content), IsGrpcOk());
  WaitForState("one", v1::Dataset::STATE_ACTIVE);
  Declare("two", {content});
  ASSERT_THAT(Send("two", {Frame(0, "")}), IsGrpcOk());
  EXPECT_TRUE(response_.complete());
  EXPECT_EQ(response_.committed_size_bytes(), 100);
  WaitForState("two", v1::Dataset::STATE_ACTIVE);
  // Each has files of its own: deleting one leaves the other.
  grpc::ClientContext context;
  v1::DeleteDatasetRequest request;
  request.set_name("one");
  google::protobuf::Empty empty;
  ASSERT_THAT(datasets_->DeleteDataset(&context, request, &empty), IsGrpcOk());
  EXPECT_TRUE(fs::exists(layout_.TableDir({"default", "two"}) + "/table.bin"));
  EXPECT_FALSE(fs::exists(PartFile("two")));
}

TEST_F(UploadTest, BadFrames) {
  Declare("d", {SomeBytes(100)});
  EXPECT_THAT(Send("d", {}), Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  EXPECT_THAT(Send("nobody", {Frame(0, "x")}), Refused(StatusCode::NOT_FOUND, "DATASET_NOT_FOUND"));
  EXPECT_THAT(Send("tenants/other/datasets/d", {Frame(0, "x")}),
              Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
  EXPECT_THAT(Send("d", {Frame(0, "x")}, 5),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  v1::UploadDatasetRequest named = Frame(1, "y");
  named.set_name("d");
  EXPECT_THAT(Send("d", {Frame(0, "x"), named}),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  MakeDataset("active");
  EXPECT_THAT(Send("active", {Frame(0, "x")}),
              Refused(StatusCode::FAILED_PRECONDITION, "UPLOAD_NOT_OPEN"));
}

TEST_F(UploadTest, AChunkAboveTheLimitIsRefused) {
  limits_.max_chunk_bytes = 64;
  KillServer();
  StartServer();
  Declare("d", {SomeBytes(100)});
  EXPECT_THAT(Send("d", {Frame(0, SomeBytes(65))}),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
}

TEST_F(UploadTest, BytesBeyondTheCommittedSizeAreCutOffAtStart) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 1200))}), IsGrpcOk());
  KillServer();
  std::ofstream(PartFile("d"), std::ios::app) << "half a frame that was never acknowledged";
  StartServer();
  EXPECT_EQ(fs::file_size(PartFile("d")), 1200u);
  ASSERT_THAT(Send("d", {Frame(1200, content.substr(1200), true)}), IsGrpcOk());
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
}

TEST_F(UploadTest, CommittedIsNeverMoreThanWhatIsOnDisk) {
  for (const char* failpoint : {"upload.before_sync:error", "upload.after_sync:error"}) {
    const std::string id = failpoint[7] == 'b' ? "before" : "after";
    const std::string content = SomeBytes(3000) + id;  // not known from the other round
    Declare(id, {content});
    ASSERT_OK(server::SetFailpoints(failpoint));
    EXPECT_EQ(Send(id, {Frame(0, content.substr(0, 1500))}).error_code(), StatusCode::INTERNAL);
    ASSERT_OK(server::SetFailpoints(""));
    EXPECT_EQ(Committed(id), 0);
    ASSERT_THAT(SendAll(id, content), IsGrpcOk());
    WaitForState(id, v1::Dataset::STATE_ACTIVE);
  }
}

TEST_F(UploadTest, AnImportThatWasNotStartedStartsWithTheServer) {
  const std::string content = SomeBytes(100);
  Declare("d", {content});
  ASSERT_OK(server::SetFailpoints("upload.after_complete:error"));
  EXPECT_FALSE(SendAll("d", content).ok());
  ASSERT_OK(server::SetFailpoints(""));
  KillServer();
  StartServer();
  WaitForState("d", v1::Dataset::STATE_ACTIVE);
}

TEST_F(UploadTest, LostBytesFailTheDatasetAtStart) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  ASSERT_THAT(Send("d", {Frame(0, content.substr(0, 1200))}), IsGrpcOk());
  KillServer();
  fs::resize_file(PartFile("d"), 100);
  StartServer();
  const v1::Dataset failed = WaitForState("d", v1::Dataset::STATE_FAILED);
  EXPECT_EQ(FromRpcStatus(failed.error()).reason, "DATA_CORRUPT");
}

TEST_F(UploadTest, ADrainEndsAnUploadAndKeepsItsBytes) {
  const std::string content = SomeBytes(3000);
  Declare("d", {content});
  grpc::ClientContext context;
  v1::UploadDatasetResponse response;
  auto writer = datasets_->UploadDataset(&context, &response);
  v1::UploadDatasetRequest frame = Frame(0, content.substr(0, 500));
  frame.set_name("d");
  ASSERT_TRUE(writer->Write(frame));
  WaitUntil([&] { return telemetry_.Count("upload bytes") == 500; });
  server_->gate.Drain();
  writer->Write(Frame(500, content.substr(500, 100)));
  writer->WritesDone();
  EXPECT_THAT(writer->Finish(), Refused(StatusCode::UNAVAILABLE, "DRAINING"));
  EXPECT_EQ(Committed("d"), 500);
}

}  // namespace
}  // namespace winnow::rpc
