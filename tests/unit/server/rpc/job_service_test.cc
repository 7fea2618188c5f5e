#include "absl/strings/str_cat.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
using testing::SizeIs;

constexpr char kUuid[] = "123e4567-e89b-42d3-a456-426614174000";

class JobServiceTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    MakeDataset();
  }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::JobService::Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                    const std::string& name, Response* response) {
    grpc::ClientContext context;
    Request request;
    request.set_name(name);
    return (jobs_.get()->*method)(&context, request, response);
  }
  grpc::Status Cancel(const std::string& name, v1::Job* job) {
    return Call<v1::CancelJobRequest>(&v1::JobService::Stub::CancelJob, name, job);
  }
  grpc::Status Stop(const std::string& name, v1::Job* job) {
    return Call<v1::StopJobRequest>(&v1::JobService::Stub::StopJob, name, job);
  }
  grpc::Status Pause(const std::string& name, v1::Job* job) {
    return Call<v1::PauseJobRequest>(&v1::JobService::Stub::PauseJob, name, job);
  }
  grpc::Status Resume(const std::string& name, v1::Job* job) {
    return Call<v1::ResumeJobRequest>(&v1::JobService::Stub::ResumeJob, name, job);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    grpc::ClientContext context;
    v1::DeleteJobRequest request;
    request.set_name(name);
    request.set_etag(etag);
    google::protobuf::Empty response;
    return jobs_->DeleteJob(&context, request, &response);
  }
  grpc::Status List(const v1::ListJobsRequest& request, v1::ListJobsResponse* response) {
    grpc::ClientContext context;
    return jobs_->ListJobs(&context, request, response);
  }

  v1::Job job_;
};

TEST_F(JobServiceTest, CreateResolvesAndRuns) {
  SetScript(domain::WorkKind::kJob, Succeeds());
  v1::CreateJobRequest request = JobRequest("first");
  (*request.mutable_job()->mutable_spec()->mutable_labels())["team"] = "ads";
  const v1::Job made = MustCreate(request);
  EXPECT_EQ(made.name(), "tenants/default/jobs/first");
  EXPECT_FALSE(made.spec().has_training());  // as it was sent
  EXPECT_TRUE(made.resolved_spec().training().has_learning_rate());
  EXPECT_EQ(made.resolved_spec().dataset(), "tenants/default/datasets/adult");
  EXPECT_TRUE(made.resolved_spec().has_selector());
  EXPECT_GT(made.estimate().steps(), 0);
  EXPECT_EQ(made.dataset_sha256(), std::string(64, 'a'));
  EXPECT_GE(made.plan_version(), 1);
  EXPECT_FALSE(made.etag().empty());

  const v1::Job done = WaitForState(made.name(), v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(done.attempt(), 1);
  EXPECT_TRUE(done.has_end_time());
  ASSERT_THAT(done.attempts(), SizeIs(1));
  EXPECT_EQ(done.attempts(0).outcome(), v1::JobAttempt::OUTCOME_SUCCEEDED);
  EXPECT_NE(done.etag(), made.etag());
}

TEST_F(JobServiceTest, GeneratedIdsStartWithJ) {
  EXPECT_THAT(MustCreate(JobRequest()).name(),
              testing::MatchesRegex("tenants/default/jobs/j[a-z2-7]{16}"));
}

TEST_F(JobServiceTest, AllViolationsComeBackAtOnceWithPathsRelativeToTheSpec) {
  v1::CreateJobRequest request = JobRequest();
  v1::JobSpec& spec = *request.mutable_job()->mutable_spec();
  spec.mutable_training()->set_learning_rate(-1);
  spec.mutable_training()->set_threads(50);  // there are 2 slots
  spec.mutable_feature_selection()->add_must_keep("nobody");
  spec.mutable_feature_selection()->mutable_budget()->set_max_count(9);
  (*spec.mutable_labels())["k"] = std::string(64, 'x');
  const grpc::Status status = Create(request, &job_);
  EXPECT_THAT(status, Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  std::map<std::string, std::string> by_path = ViolationsOf(status);
  EXPECT_THAT(by_path["training.learning_rate"], HasSubstr("-1"));
  EXPECT_TRUE(by_path.count("training.threads"));
  EXPECT_TRUE(by_path.count("labels.k"));
  EXPECT_EQ(by_path.size(), 5u) << status.error_message();
}

TEST_F(JobServiceTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(Create(v1::CreateJobRequest(), &job_),
              Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  v1::CreateJobRequest request = JobRequest();
  request.mutable_job()->mutable_spec()->clear_dataset();
  EXPECT_EQ(ParseRefusal(Create(request, &job_)).bad_request.field_violations(0).field(),
            "dataset");
}

TEST_F(JobServiceTest, AnAlgorithmThatIsNotBuiltIsRefusedWithTheKnownOnes) {
  v1::CreateJobRequest request = JobRequest();
  request.mutable_job()->mutable_spec()->mutable_selector()->mutable_wanda();
  const grpc::Status status = Create(request, &job_);
  EXPECT_THAT(status, Refused(StatusCode::INVALID_ARGUMENT, "UNKNOWN_ALGORITHM"));
  EXPECT_THAT(ParseRefusal(status).info.metadata().at("known"), HasSubstr("sequential_attention"));
}

TEST_F(JobServiceTest, TheDatasetMustBeActiveAndTheCallers) {
  EXPECT_THAT(Create(JobRequest("", "nobody"), &job_),
              Refused(StatusCode::NOT_FOUND, "DATASET_NOT_FOUND"));
  EXPECT_THAT(Create(JobRequest("", "tenants/other/datasets/adult"), &job_),
              Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
  store::NewDataset half;
  half.name = {"default", "half"};
  half.files = {domain::DatasetFile{"x", "train", 5, "", "", 0, false}};
  ASSERT_OK(server_->store->CreateDataset(half, {}));
  EXPECT_THAT(Create(JobRequest("", "half"), &job_),
              Refused(StatusCode::FAILED_PRECONDITION, "DATASET_NOT_READY"));
}

TEST_F(JobServiceTest, ValidateOnlyStoresNothing) {
  v1::CreateJobRequest request = JobRequest("dry");
  request.set_validate_only(true);
  const v1::Job preview = MustCreate(request);
  EXPECT_EQ(preview.name(), "");
  EXPECT_EQ(preview.state(), v1::Job::STATE_UNSPECIFIED);
  EXPECT_GT(preview.estimate().memory_bytes(), 0);
  EXPECT_TRUE(preview.resolved_spec().training().has_batch_size());
  grpc::ClientContext context;
  v1::GetJobRequest get;
  get.set_name("dry");
  EXPECT_THAT(jobs_->GetJob(&context, get, &job_), Refused(StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, TheSameRequestIsTheSameJobAlsoAfterARestart) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  v1::CreateJobRequest request = JobRequest();
  request.set_request_id(kUuid);
  const v1::Job first = MustCreate(request);
  grpc::ClientContext context;
  v1::Job again;
  ASSERT_THAT(jobs_->CreateJob(&context, request, &again), IsGrpcOk());
  EXPECT_EQ(again.name(), first.name());
  EXPECT_EQ(context.GetServerInitialMetadata().count("winnow-replayed"), 1u);

  KillServer();
  StartServer();
  EXPECT_EQ(MustCreate(request).name(), first.name());
  // Also when the request itself would be refused by now.
  server_->scheduler->StartDrain();
  EXPECT_EQ(MustCreate(request).name(), first.name());

  request.mutable_job()->mutable_spec()->mutable_training()->set_seed(9);
  EXPECT_THAT(Create(request, &job_), Refused(StatusCode::INVALID_ARGUMENT, "REQUEST_ID_REUSED"));
}

TEST_F(JobServiceTest, ATakenIdIsRefused) {
  MustCreate(JobRequest("mine"));
  EXPECT_THAT(Create(JobRequest("mine"), &job_), Refused(StatusCode::ALREADY_EXISTS, "JOB_EXISTS"));
}

TEST_F(JobServiceTest, OtherTenantsNamesAreRefusedBeforeExistence) {
  for (const char* name : {"tenants/other/jobs/j", "tenants/other/jobs/nobody"}) {
    EXPECT_THAT(Cancel(name, &job_), Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
    EXPECT_THAT(Stop(name, &job_), Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
    EXPECT_THAT(Delete(name), Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
  }
  EXPECT_THAT(Cancel("nobody", &job_), Refused(StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
}

TEST_F(JobServiceTest, CancelEndsARunningJobAndIsIdempotent) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    worker.SendPick(1, "a");
    if (!worker.WaitForCommand(internal::v1::Command::KIND_CANCEL)) return;
    internal::v1::AttachRequest message;
    message.mutable_finished()->set_ordinal(1);
    message.mutable_finished()->mutable_cancelled();
    worker.Finish(message);
  });
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_RUNNING);
  ASSERT_THAT(Cancel(name, &job_), IsGrpcOk());
  EXPECT_EQ(job_.state(), v1::Job::STATE_CANCELLING);
  const v1::Job done = WaitForState(name, v1::Job::STATE_CANCELLED);
  EXPECT_EQ(done.error().code(), static_cast<int>(StatusCode::CANCELLED));
  ASSERT_THAT(Cancel(name, &job_), IsGrpcOk());
  EXPECT_EQ(job_.state(), v1::Job::STATE_CANCELLED);
}

TEST_F(JobServiceTest, AWorkerThatIgnoresACancelIsKilled) {
  options_.cancel_grace = absl::Milliseconds(100);
  KillServer();
  StartServer();
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_RUNNING);
  ASSERT_THAT(Cancel(name, &job_), IsGrpcOk());
  const v1::Job done = WaitForState(name, v1::Job::STATE_CANCELLED);
  EXPECT_EQ(done.attempts(0).outcome(), v1::JobAttempt::OUTCOME_CANCELLED);
}

TEST_F(JobServiceTest, StopFinishesEarlyWithTheBestSoFar) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    // A stop that came before the worker stands in its assignment; a later one is a command.
    if (!worker.Attach()) return;
    if (!worker.assignment().job().stop_requested() &&
        !worker.WaitForCommand(internal::v1::Command::KIND_STOP)) {
      return;
    }
    internal::v1::AttachRequest message;
    message.mutable_finished()->mutable_succeeded()->set_stopped_early(true);
    worker.Finish(message);
  });
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_RUNNING);
  ASSERT_THAT(Stop(name, &job_), IsGrpcOk());
  EXPECT_TRUE(job_.stop_requested());
  EXPECT_TRUE(WaitForState(name, v1::Job::STATE_SUCCEEDED).stopped_early());
  ASSERT_THAT(Stop(name, &job_), IsGrpcOk());  // finished: unchanged
  EXPECT_EQ(job_.state(), v1::Job::STATE_SUCCEEDED);
}

TEST_F(JobServiceTest, StopOfAWaitingJobIsRefused) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  v1::CreateJobRequest big = JobRequest("big");
  big.mutable_job()->mutable_spec()->mutable_training()->set_threads(2);
  MustCreate(big);
  WaitForState("big", v1::Job::STATE_RUNNING);
  MustCreate(JobRequest("waits"));
  EXPECT_THAT(Stop("waits", &job_), Refused(StatusCode::FAILED_PRECONDITION, "JOB_NOT_RUNNING"));
  EXPECT_THAT(Pause("waits", &job_), Refused(StatusCode::FAILED_PRECONDITION, "JOB_NOT_RUNNING"));
  EXPECT_THAT(Resume("waits", &job_), Refused(StatusCode::FAILED_PRECONDITION, "JOB_NOT_PAUSED"));
  EXPECT_THAT(Delete("waits"), Refused(StatusCode::FAILED_PRECONDITION, "JOB_NOT_TERMINAL"));
}

TEST_F(JobServiceTest, PauseGivesTheSlotsBackAndResumeGoesOnFromTheCheckpoint) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    const auto& job = worker.assignment().job();
    if (job.attempt() == 2) {
      EXPECT_EQ(job.checkpoints(0).step(), 10);
      EXPECT_EQ(job.checkpoints(0).ordinal(), 1);
      EXPECT_EQ(job.next_ordinal(), 2);
      worker.FinishWithFile("selection.json", "{}", 1);
      return;
    }
    EXPECT_EQ(job.next_ordinal(), 1);
    worker.SendPick(1, "a");
    if (!worker.WaitForCommand(internal::v1::Command::KIND_YIELD)) return;
    worker.SendCheckpoint(1, 10);
    worker.FinishYielded();
  });
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_RUNNING);
  ASSERT_THAT(Pause(name, &job_), IsGrpcOk());
  EXPECT_TRUE(job_.pause_requested());
  WaitForState(name, v1::Job::STATE_PAUSED);
  WaitUntil([&] { return server_->scheduler->Load().busy_job_slots == 0; });
  ASSERT_THAT(Pause(name, &job_), IsGrpcOk());  // unchanged
  ASSERT_THAT(Resume(name, &job_), IsGrpcOk());
  const v1::Job done = WaitForState(name, v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(done.attempts(0).outcome(), v1::JobAttempt::OUTCOME_YIELDED);
  EXPECT_EQ(telemetry_.Count("attempt first"), 1);
  EXPECT_EQ(telemetry_.Count("attempt retry"), 1);
  // The second start says from where it went on.
  int64_t from_step = -1;
  for (const v1::JobEvent& event : Log(name)) {
    if (event.has_attempt_started()) from_step = event.attempt_started().from_step();
  }
  EXPECT_EQ(from_step, 10);
}

TEST_F(JobServiceTest, DeleteRemovesAFinishedJobWithItsFiles) {
  SetScript(domain::WorkKind::kJob, Succeeds());
  const std::string name = MustCreate(JobRequest("gone")).name();
  const v1::Job done = WaitForState(name, v1::Job::STATE_SUCCEEDED);
  EXPECT_THAT(Delete(name, "999"), Refused(StatusCode::ABORTED, "ETAG_MISMATCH"));
  ASSERT_THAT(Delete(name, GetJob(name).etag()), IsGrpcOk());
  EXPECT_THAT(Delete(name), Refused(StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
  EXPECT_EQ(done.name(), name);
}

TEST_F(JobServiceTest, ListsInPagesAndByFilter) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  for (int i = 0; i < 5; ++i) {
    v1::CreateJobRequest request = JobRequest(absl::StrCat("j", i));
    (*request.mutable_job()->mutable_spec()->mutable_labels())["parity"] = i % 2 ? "odd" : "even";
    MustCreate(request);
  }
  v1::ListJobsRequest request;
  request.set_page_size(2);
  v1::ListJobsResponse page;
  ASSERT_THAT(List(request, &page), IsGrpcOk());
  ASSERT_THAT(page.jobs(), SizeIs(2));
  EXPECT_EQ(page.jobs(0).name(), "tenants/default/jobs/j4");  // newest first
  EXPECT_FALSE(page.jobs(0).has_resolved_spec());             // BASIC
  request.set_page_token(page.next_page_token());
  ASSERT_THAT(List(request, &page), IsGrpcOk());
  EXPECT_EQ(page.jobs(0).name(), "tenants/default/jobs/j2");
  request.set_filter("labels.parity = odd");
  EXPECT_THAT(List(request, &page), Refused(StatusCode::INVALID_ARGUMENT, "INVALID_PAGE_TOKEN"));

  request.clear_page_token();
  request.set_view(v1::JOB_VIEW_FULL);
  request.set_page_size(0);
  ASSERT_THAT(List(request, &page), IsGrpcOk());
  ASSERT_THAT(page.jobs(), SizeIs(2));
  EXPECT_TRUE(page.jobs(1).has_resolved_spec());
  request.set_filter("color = red");
  EXPECT_THAT(List(request, &page), Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FILTER"));
  request.clear_filter();
  request.set_page_size(-1);
  EXPECT_THAT(List(request, &page), Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  request.set_page_size(0);
  request.set_parent("tenants/other");
  EXPECT_THAT(List(request, &page), Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
}

TEST_F(JobServiceTest, EventsInPages) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    for (int i = 1; i <= 20; ++i) worker.SendPick(i, absl::StrCat("f", i));
    worker.FinishWithFile("selection.json", "{}", 20);
  });
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_SUCCEEDED);
  grpc::ClientContext context;
  v1::ListJobEventsRequest request;
  request.set_name(name);
  request.set_after_sequence(3);  // PENDING, RUNNING, started
  request.set_page_size(4);
  v1::ListJobEventsResponse response;
  ASSERT_THAT(jobs_->ListJobEvents(&context, request, &response), IsGrpcOk());
  ASSERT_THAT(response.events(), SizeIs(4));
  EXPECT_EQ(response.events(0).sequence(), 4);
  EXPECT_EQ(response.events(0).pick().candidate(), "f1");
  EXPECT_EQ(response.events(0).attempt(), 1);
  EXPECT_EQ(response.last_sequence(), 24);
  const v1::JobEvent last = Log(name).back();
  EXPECT_EQ(last.state_changed().to(), v1::Job::STATE_SUCCEEDED);
  ASSERT_THAT(last.state_changed().artifacts(), SizeIs(1));
  EXPECT_EQ(last.state_changed().artifacts(0).name(), name + "/artifacts/selection.json");
}

TEST_F(JobServiceTest, AFailureKeepsTheWorkersWords) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (worker.Attach()) worker.FinishFailed(8, "out of memory at step 3");
  });
  const std::string name = MustCreate(JobRequest()).name();
  const v1::Job job = WaitForState(name, v1::Job::STATE_FAILED);
  EXPECT_EQ(job.error().message(), "out of memory at step 3");
  const domain::Error error = FromRpcStatus(job.error());
  EXPECT_EQ(error.reason, "WORKER_OUT_OF_MEMORY");
}

TEST_F(JobServiceTest, NothingIsServedBeforeRecoveryIsDone) {
  KillServer();
  open_gate_ = false;
  StartServer();
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_name("x");
  EXPECT_THAT(jobs_->GetJob(&context, request, &job_),
              Refused(StatusCode::UNAVAILABLE, "STARTING"));
}

TEST_F(JobServiceTest, ACallWhoseCallerIsGoneDoesNothing) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  v1::Job job;
  EXPECT_EQ(jobs_->CreateJob(&context, JobRequest("late"), &job).error_code(),
            StatusCode::DEADLINE_EXCEEDED);
  v1::ListJobsResponse page;
  ASSERT_THAT(List({}, &page), IsGrpcOk());
  EXPECT_THAT(page.jobs(), SizeIs(0));
}

}  // namespace
}  // namespace winnow::rpc
