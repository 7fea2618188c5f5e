#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/base/crc32c.h"
#include "server/base/sha256.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kUuid[] = "123e4567-e89b-42d3-a456-426614174000";

class DatasetServiceTest : public RpcTest {
 protected:
  DatasetServiceTest() {
    std::filesystem::create_directories(dir_.File("files"));
    allowed_roots_ = {dir_.File("files")};
  }

  static WorkerScript Imports() {
    return [](FakeWorker& worker) {
      if (!worker.Attach()) return;
      const auto& assignment = worker.assignment().dataset_import();
      std::ofstream(assignment.output_dir() + "/table.bin") << "packed";
      internal::v1::AttachRequest message;
      message.mutable_import_progress()->set_fraction(0.5);
      worker.Send(message);
      auto& imported = *message.mutable_import_finished()->mutable_imported();
      imported.set_profile_json(ToJson(SomeProfile()).dump());
      *imported.mutable_resolved_schema() = assignment.schema();
      imported.mutable_resolved_schema()->set_trim(true);
      imported.set_sha256(std::string(64, 'a'));
      imported.set_table_bytes(6);
      imported.add_warnings("column a looks like an id");
      worker.Finish(message);
    };
  }

  static v1::CreateDatasetRequest UploadOf(const std::string& id, const std::string& content) {
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    request.mutable_dataset()->mutable_schema()->mutable_target()->set_column("y");
    auto& file = *request.mutable_dataset()->add_files();
    file.set_filename("data.csv");
    file.set_size_bytes(static_cast<int64_t>(content.size()));
    file.set_sha256(server::Sha256Hex(content));
    return request;
  }
  v1::CreateDatasetRequest LocalOf(const std::string& id, const std::string& name,
                                   const std::string& content) {
    std::ofstream(dir_.File("files/" + name)) << content;
    v1::CreateDatasetRequest request;
    request.set_dataset_id(id);
    request.mutable_dataset()->add_files()->set_local_path(dir_.File("files/" + name));
    return request;
  }
  grpc::Status Create(const v1::CreateDatasetRequest& request, v1::Dataset* dataset) {
    grpc::ClientContext context;
    return datasets_->CreateDataset(&context, request, dataset);
  }
  v1::Dataset MustCreate(const v1::CreateDatasetRequest& request) {
    v1::Dataset dataset;
    EXPECT_THAT(Create(request, &dataset), IsGrpcOk());
    return dataset;
  }
  v1::Dataset Get(const std::string& name) {
    grpc::ClientContext context;
    v1::GetDatasetRequest request;
    request.set_name(name);
    v1::Dataset dataset;
    EXPECT_THAT(datasets_->GetDataset(&context, request, &dataset), IsGrpcOk());
    return dataset;
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    grpc::ClientContext context;
    v1::DeleteDatasetRequest request;
    request.set_name(name);
    request.set_etag(etag);
    google::protobuf::Empty response;
    return datasets_->DeleteDataset(&context, request, &response);
  }

  v1::Dataset dataset_;
};

TEST_F(DatasetServiceTest, LocalFilesAreImportedAtOnce) {
  SetScript(domain::WorkKind::kImport, Imports());
  const v1::Dataset made = MustCreate(LocalOf("adult", "a.csv", "x,y\n1,2\n"));
  EXPECT_EQ(made.state(), v1::Dataset::STATE_IMPORTING);
  EXPECT_EQ(made.files(0).size_bytes(), 8);
  EXPECT_EQ(made.files(0).filename(), "a.csv");
  const v1::Dataset done = WaitForState("adult", v1::Dataset::STATE_ACTIVE);
  EXPECT_EQ(done.name(), "tenants/default/datasets/adult");
  EXPECT_EQ(done.profile().rows(), 1000);
  EXPECT_THAT(done.profile().columns(), SizeIs(4));
  EXPECT_TRUE(done.resolved_schema().trim());
  EXPECT_FALSE(done.schema().has_trim());  // as it was declared
  EXPECT_THAT(done.warnings(), SizeIs(1));
  EXPECT_EQ(done.sha256(), std::string(64, 'a'));
  EXPECT_TRUE(done.has_end_time());
  EXPECT_TRUE(std::filesystem::exists(layout_.TableDir({"default", "adult"}) + "/table.bin"));

  // And a job can use it.
  SetScript(domain::WorkKind::kJob, Succeeds());
  v1::Job job;
  EXPECT_THAT(RpcTest::Create(JobRequest("j", "adult"), &job), IsGrpcOk());
  WaitForState("j", v1::Job::STATE_SUCCEEDED);
}

TEST_F(DatasetServiceTest, ImportProgressIsShown) {
  SetScript(domain::WorkKind::kImport, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    internal::v1::AttachRequest message;
    message.mutable_import_progress()->set_fraction(0.25);
    message.mutable_import_progress()->set_rows_read(12);
    worker.Send(message);
    worker.WaitForEnd();
  });
  MustCreate(LocalOf("slow", "a.csv", "x"));
  WaitUntil([&] { return Get("slow").import_progress().rows_read() == 12; });
  EXPECT_DOUBLE_EQ(Get("slow").import_progress().fraction(), 0.25);
}

TEST_F(DatasetServiceTest, ARefusedFileFailsTheDatasetWithTheImportersWords) {
  SetScript(domain::WorkKind::kImport, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    internal::v1::AttachRequest message;
    auto& failed = *message.mutable_import_finished()->mutable_failed();
    failed.set_code(3);
    failed.set_message("a.csv: row 7 has 3 fields, 2 were expected");
    worker.Finish(message);
  });
  MustCreate(LocalOf("bad", "a.csv", "x"));
  const v1::Dataset failed = WaitForState("bad", v1::Dataset::STATE_FAILED);
  EXPECT_EQ(failed.error().message(), "a.csv: row 7 has 3 fields, 2 were expected");
  EXPECT_EQ(FromRpcStatus(failed.error()).reason, "BAD_DATA");
}

TEST_F(DatasetServiceTest, EveryProblemOfADeclarationIsListed) {
  v1::CreateDatasetRequest request;
  request.set_dataset_id("Bad Id");
  request.set_request_id("7");
  auto& test_only = *request.mutable_dataset()->add_files();
  test_only.set_filename("../a.csv");
  test_only.set_role(v1::DatasetFile::ROLE_TEST);
  test_only.set_size_bytes(0);
  test_only.set_sha256("xyz");
  auto& outside = *request.mutable_dataset()->add_files();
  outside.set_role(v1::DatasetFile::ROLE_TEST);
  outside.set_local_path("/etc/passwd");
  const grpc::Status status = Create(request, &dataset_);
  EXPECT_THAT(status, Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  std::map<std::string, std::string> by_path = ViolationsOf(status);
  EXPECT_TRUE(by_path.count("dataset_id"));
  EXPECT_TRUE(by_path.count("request_id"));
  EXPECT_TRUE(by_path.count("files[0].filename"));
  EXPECT_THAT(by_path["files[0].size_bytes"], HasSubstr("empty file"));
  EXPECT_TRUE(by_path.count("files[0].sha256"));
  EXPECT_THAT(by_path["files[1].local_path"], HasSubstr("not an absolute path below"));
  EXPECT_THAT(by_path["files"], HasSubstr("TRAIN"));
  EXPECT_EQ(by_path.size(), 7u);
}

TEST_F(DatasetServiceTest, NamesOfFilesAreUnique) {
  v1::CreateDatasetRequest request = UploadOf("d", "x");
  *request.mutable_dataset()->add_files() = request.dataset().files(0);
  EXPECT_THAT(
      ParseRefusal(Create(request, &dataset_)).bad_request.field_violations(0).description(),
      HasSubstr("twice"));
}

TEST_F(DatasetServiceTest, CreateIsIdempotentAlsoWhenAdmissionWouldRefuseByNow) {
  v1::CreateDatasetRequest request = UploadOf("", "hello");
  request.set_request_id(kUuid);
  const v1::Dataset first = MustCreate(request);
  EXPECT_THAT(first.name(), testing::MatchesRegex("tenants/default/datasets/d[a-z2-7]{16}"));
  server_->scheduler->StartDrain();
  grpc::ClientContext context;
  ASSERT_THAT(datasets_->CreateDataset(&context, request, &dataset_), IsGrpcOk());
  EXPECT_EQ(dataset_.name(), first.name());
  EXPECT_EQ(context.GetServerInitialMetadata().count("winnow-replayed"), 1u);
  request.mutable_dataset()->mutable_files(0)->set_filename("other.csv");
  EXPECT_THAT(Create(request, &dataset_),
              Refused(StatusCode::INVALID_ARGUMENT, "REQUEST_ID_REUSED"));
  request.clear_request_id();
  EXPECT_THAT(Create(request, &dataset_), Refused(StatusCode::UNAVAILABLE, "DRAINING"));
}

TEST_F(DatasetServiceTest, ValidateOnlyStoresNothing) {
  v1::CreateDatasetRequest request = UploadOf("dry", "hello");
  request.set_validate_only(true);
  const v1::Dataset preview = MustCreate(request);
  EXPECT_EQ(preview.name(), "");
  EXPECT_THAT(preview.files(), SizeIs(1));
  EXPECT_THAT(Delete("dry"), Refused(StatusCode::NOT_FOUND, "DATASET_NOT_FOUND"));
}

TEST_F(DatasetServiceTest, TakenIdsAndOtherTenants) {
  MustCreate(UploadOf("mine", "x"));
  EXPECT_THAT(Create(UploadOf("mine", "x"), &dataset_),
              Refused(StatusCode::ALREADY_EXISTS, "DATASET_EXISTS"));
  v1::CreateDatasetRequest request = UploadOf("d", "x");
  request.set_parent("tenants/other");
  EXPECT_THAT(Create(request, &dataset_),
              Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
  EXPECT_THAT(Delete("tenants/other/datasets/d"),
              Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
}

TEST_F(DatasetServiceTest, ListsWithoutColumnsNewestFirst) {
  MakeDataset("one");
  MustCreate(UploadOf("two", "x"));
  grpc::ClientContext context;
  v1::ListDatasetsRequest request;
  v1::ListDatasetsResponse page;
  ASSERT_THAT(datasets_->ListDatasets(&context, request, &page), IsGrpcOk());
  ASSERT_THAT(page.datasets(), SizeIs(2));
  EXPECT_EQ(page.datasets(0).name(), "tenants/default/datasets/two");
  EXPECT_EQ(page.datasets(1).profile().rows(), 1000);
  EXPECT_THAT(page.datasets(1).profile().columns(), SizeIs(0));
  grpc::ClientContext filtered;
  request.set_filter("state = ACTIVE");
  ASSERT_THAT(datasets_->ListDatasets(&filtered, request, &page), IsGrpcOk());
  EXPECT_THAT(page.datasets(), SizeIs(1));
}

TEST_F(DatasetServiceTest, DeleteRefusesWhileAJobNeedsItAndThenRemovesTheFiles) {
  MakeDataset();
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  v1::Job job;
  ASSERT_THAT(RpcTest::Create(JobRequest("user"), &job), IsGrpcOk());
  EXPECT_THAT(Delete("adult"), Refused(StatusCode::FAILED_PRECONDITION, "DATASET_IN_USE"));
  grpc::ClientContext context;
  v1::CancelJobRequest cancel;
  cancel.set_name("user");
  ASSERT_THAT(jobs_->CancelJob(&context, cancel, &job), IsGrpcOk());
  WaitForState("user", v1::Job::STATE_CANCELLED);
  EXPECT_THAT(Delete("adult", "nonsense"), Refused(StatusCode::ABORTED, "ETAG_MISMATCH"));
  EXPECT_THAT(Delete("adult", Get("adult").etag()), IsGrpcOk());
  EXPECT_FALSE(std::filesystem::exists(layout_.DatasetDir({"default", "adult"})));
}

TEST_F(DatasetServiceTest, InferSchemaRunsAWorker) {
  SetScript(domain::WorkKind::kInfer, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    const auto& infer = worker.assignment().infer();
    internal::v1::AttachRequest message;
    auto& inferred = *message.mutable_infer_finished()->mutable_inferred();
    *inferred.mutable_schema() = infer.schema();
    inferred.mutable_schema()->set_format(v1::DatasetSchema::FORMAT_CSV);
    inferred.add_warnings(infer.files(0).filename());
    inferred.set_sampled_rows(3);
    worker.Finish(message);
  });
  std::ofstream(dir_.File("files/a.csv")) << "x,y\n1,2\n";
  grpc::ClientContext context;
  v1::InferSchemaRequest request;
  request.add_files()->set_local_path(dir_.File("files/a.csv"));
  request.mutable_schema()->mutable_target()->set_column("y");
  v1::InferSchemaResponse response;
  ASSERT_THAT(datasets_->InferSchema(&context, request, &response), IsGrpcOk());
  EXPECT_EQ(response.schema().format(), v1::DatasetSchema::FORMAT_CSV);
  EXPECT_EQ(response.schema().target().column(), "y");
  EXPECT_EQ(response.warnings(0), "a.csv");
  EXPECT_EQ(response.sampled_rows(), 3);
}

TEST_F(DatasetServiceTest, InferSchemaOfADatasetIsItsResolvedOne) {
  MakeDataset();
  grpc::ClientContext context;
  v1::InferSchemaRequest request;
  request.set_dataset("adult");
  v1::InferSchemaResponse response;
  ASSERT_THAT(datasets_->InferSchema(&context, request, &response), IsGrpcOk());
  EXPECT_EQ(response.schema().target().column(), "y");
  EXPECT_EQ(response.sampled_rows(), 1000);
}

TEST_F(DatasetServiceTest, InferSchemaFailsWithTheWorkersWords) {
  SetScript(domain::WorkKind::kInfer, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    internal::v1::AttachRequest message;
    message.mutable_infer_finished()->mutable_failed()->set_code(3);
    message.mutable_infer_finished()->mutable_failed()->set_message("a.csv is a binary file");
    worker.Finish(message);
  });
  std::ofstream(dir_.File("files/a.csv")) << "x";
  grpc::ClientContext context;
  v1::InferSchemaRequest request;
  request.add_files()->set_local_path(dir_.File("files/a.csv"));
  v1::InferSchemaResponse response;
  const grpc::Status status = datasets_->InferSchema(&context, request, &response);
  EXPECT_THAT(status, Refused(StatusCode::INVALID_ARGUMENT, "BAD_DATA"));
  EXPECT_EQ(status.error_message(), "a.csv is a binary file");
  grpc::ClientContext empty;
  EXPECT_THAT(datasets_->InferSchema(&empty, {}, &response),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
}

TEST_F(DatasetServiceTest, ACallerWhoLeavesEndsTheInference) {
  SetScript(domain::WorkKind::kInfer, RunsUntilKilled());
  std::ofstream(dir_.File("files/a.csv")) << "x";
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  v1::InferSchemaRequest request;
  request.add_files()->set_local_path(dir_.File("files/a.csv"));
  v1::InferSchemaResponse response;
  EXPECT_EQ(datasets_->InferSchema(&context, request, &response).error_code(),
            StatusCode::DEADLINE_EXCEEDED);
  WaitUntil([&] { return server_->scheduler->IsIdle(); });
}

}  // namespace
}  // namespace winnow::rpc
