#include "tests/unit/server/rpc/world_testing.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "kernels/plan/plan.h"
#include "server/base/instruction_set.h"
#include "server/base/version.h"
#include "server/rpc/convert.h"
#include "server/rpc/upload.h"

namespace winnow::rpc {

int64_t CountingTelemetry::Count(const std::string& what) const {
  absl::MutexLock lock(&mutex_);
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

void CountingTelemetry::Add(const std::string& what, int64_t count) {
  absl::MutexLock lock(&mutex_);
  counts_[what] += count;
}

void CountingTelemetry::OnRpcStarted(const std::string& service, const std::string& method, bool) {
  Add(absl::StrCat("started ", service, "/", method));
}
void CountingTelemetry::OnRpcHandled(const std::string&, const std::string& method,
                                     const std::string& code, bool, absl::Duration) {
  Add(absl::StrCat("handled ", method, " ", code));
}
void CountingTelemetry::OnRpcMessage(const std::string&, const std::string& method) {
  Add("message " + method);
}
void CountingTelemetry::OnRejected(const std::string& reason) { Add("rejected " + reason); }
void CountingTelemetry::OnWatchersChanged(int delta) { Add("watchers", delta); }
void CountingTelemetry::OnWatchClosed(const std::string& reason) { Add("watch closed " + reason); }
void CountingTelemetry::OnUploadsChanged(int delta) { Add("uploads", delta); }
void CountingTelemetry::OnUploadBytes(int64_t bytes) { Add("upload bytes", bytes); }
void CountingTelemetry::OnUploadChunkCorrupt() { Add("corrupt chunk"); }
void CountingTelemetry::OnWatchProgressDropped(int64_t count) { Add("notes dropped", count); }
void CountingTelemetry::OnAttemptStarted(int32_t, const char* reason, absl::Duration) {
  Add(absl::StrCat("attempt ", reason));
}
void CountingTelemetry::OnTraining(const std::string& algorithm, int64_t steps, double samples) {
  Add("steps " + algorithm, steps);
  if (samples > 0) Add("samples " + algorithm);
}
void CountingTelemetry::OnCheckpoint(int64_t bytes, absl::Duration took) {
  Add("checkpoint bytes", bytes);
  Add("checkpoint ms", absl::ToInt64Milliseconds(took));
}
void CountingTelemetry::OnCheckpointsFailed(int64_t count) { Add("checkpoints failed", count); }
void CountingTelemetry::OnStageEnded(const std::string& algorithm, const std::string& stage,
                                     absl::Duration took) {
  Add(absl::StrCat("stage ", algorithm, " ", stage, " ms"), absl::ToInt64Milliseconds(took));
}
void CountingTelemetry::OnKernel(const std::string& kernel, absl::Duration worked) {
  Add(absl::StrCat("kernel ", kernel, " ms"), absl::ToInt64Milliseconds(worked));
}

Refusal ParseRefusal(const grpc::Status& status) {
  Refusal refusal;
  refusal.code = status.error_code();
  refusal.message = status.error_message();
  refusal.detail_bytes = status.error_details().size();
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  google::rpc::RetryInfo retry;
  for (const auto& detail : rpc.details()) {
    detail.UnpackTo(&refusal.info);
    detail.UnpackTo(&refusal.bad_request);
    detail.UnpackTo(&refusal.quota);
    detail.UnpackTo(&refusal.precondition);
    detail.UnpackTo(&refusal.resource);
    if (detail.UnpackTo(&retry)) {
      refusal.retry_s =
          static_cast<double>(retry.retry_delay().seconds()) + 1e-9 * retry.retry_delay().nanos();
    }
  }
  return refusal;
}

std::map<std::string, std::string> ViolationsOf(const grpc::Status& status) {
  const Refusal refusal = ParseRefusal(status);
  std::map<std::string, std::string> by_path;
  for (const auto& violation : refusal.bad_request.field_violations()) {
    by_path[violation.field()] = violation.description();
  }
  return by_path;
}

RpcTest::RpcTest() : layout_(dir_.path() + "/data") {
  std::filesystem::create_directories(layout_.root());
  options_.data_dir = layout_.root();
  options_.job_slots = 2;
  options_.server_quota.disk_floor_bytes = 0;
  options_.crash_backoff = absl::Milliseconds(10);
  options_.finish_grace = absl::Milliseconds(500);
}

RpcTest::~RpcTest() {
  if (server_ != nullptr) KillServer();
}

void RpcTest::FillDeps() {
  Server& s = *server_;
  sched::SchedulerDeps deps;
  deps.clock = &clock_;
  deps.files = server::RealFileSystem();
  deps.executor = &s.starts;
  deps.ids = server::SystemIdSource();
  deps.store = s.store.get();
  deps.launcher = s.launcher.get();
  deps.control = &s.registry;
  s.scheduler = sched::MakeScheduler(options_, deps);
  s.deps.clock = &clock_;
  s.deps.files = server::RealFileSystem();
  s.deps.ids = server::SystemIdSource();
  s.deps.requests = &s.requests;
  s.deps.bulk = &s.bulk;
  s.deps.workers = &s.workers;
  s.deps.telemetry = &telemetry_;
  s.deps.store = s.store.get();
  s.deps.scheduler = s.scheduler.get();
  s.deps.layout = &layout_;
  s.deps.progress = &s.progress;
  s.deps.gate = &s.gate;
  s.deps.limits = limits_;
  s.deps.quotas = options_.tenant_quotas;
  s.deps.authenticator = authenticator_.get();
  s.deps.rates = rates_.get();
}

void RpcTest::Serve() {
  Server& s = *server_;
  s.watchers = std::make_unique<WatchHub>(&s.deps, absl::Milliseconds(10));
  std::vector<grpc::Service*> contract;
  const auto add = [&](std::unique_ptr<grpc::Service> service) {
    contract.push_back(service.get());
    s.services.push_back(std::move(service));
  };
  add(std::make_unique<DatasetServiceImpl>(&s.deps, &s.roots));
  add(std::make_unique<JobServiceImpl>(&s.deps, s.watchers.get()));
  add(std::make_unique<ArtifactServiceImpl>(&s.deps));
  add(std::make_unique<SystemServiceImpl>(
      &s.deps, SystemFacts{server::kVersion, server::InstructionSetName(), options_.server_quota}));
  s.services.push_back(std::make_unique<WorkerServiceImpl>(
      &s.deps, WorkerFacts{server::kVersion, static_cast<int32_t>(plan::kPlanVersion), 0, 0},
      &s.registry));
  ASSERT_OK_AND_ASSIGN(s.worker_server,
                       StartWorkerServer(layout_.WorkerSocket(), s.services.back().get()));
  ASSERT_OK_AND_ASSIGN(const server::Endpoint endpoint, server::ParseEndpoint("127.0.0.1:0"));
  ASSERT_OK_AND_ASSIGN(
      s.public_server,
      StartPublicServer({endpoint, limits_, &clock_, &telemetry_, tls_}, contract));
}

void RpcTest::StartServer() {
  server_ = std::make_unique<Server>();
  Server& s = *server_;
  ASSERT_OK_AND_ASSIGN(s.store, store::OpenSqliteStore(layout_.DatabaseFile(), &clock_));
  ASSERT_OK_AND_ASSIGN(s.roots, AllowedRoots::Make(allowed_roots_));
  s.launcher = std::make_unique<ScriptedLauncher>(layout_.WorkerSocket());
  for (const auto& [kind, script] : scripts_) s.launcher->SetScript(kind, script);
  FillDeps();
  Serve();
  ASSERT_OK(s.scheduler->Start());
  ASSERT_OK(RecoverUploads(s.deps));
  s.ticks = std::make_unique<server::Ticker>(absl::Milliseconds(20), [&s] { s.scheduler->Tick(); });
  if (open_gate_) {
    s.gate.Open();
    SetServing(*s.public_server.server, true);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // each life has connections of its own
  channel_ = grpc::CreateCustomChannel(s.public_server.address, grpc::InsecureChannelCredentials(),
                                       arguments);
  datasets_ = v1::DatasetService::NewStub(channel_);
  jobs_ = v1::JobService::NewStub(channel_);
  artifacts_ = v1::ArtifactService::NewStub(channel_);
  system_ = v1::SystemService::NewStub(channel_);
}

void RpcTest::KillServer() {
  Server& s = *server_;
  s.ticks.reset();
  s.launcher->Silence();
  const auto now = std::chrono::system_clock::now();
  s.public_server.server->Shutdown(now);
  s.worker_server->Shutdown(now);
  server_.reset();
}

void RpcTest::SetScript(domain::WorkKind kind, WorkerScript script) {
  scripts_[kind] = script;
  if (server_ != nullptr) server_->launcher->SetScript(kind, std::move(script));
}

WorkerScript RpcTest::Succeeds() {
  return [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    worker.SendPick(1, "a");
    worker.SendPick(2, "b");
    worker.FinishWithFile("selection.json", "{\"selected\": []}", 2);
  };
}

WorkerScript RpcTest::RunsUntilKilled() {
  return [](FakeWorker& worker) {
    if (worker.Attach()) worker.WaitForEnd();
  };
}

DatasetProfile RpcTest::SomeProfile() {
  DatasetProfile profile;
  profile.rows = profile.train_file_rows = 1000;
  for (const char* name : {"a", "b", "c", "d"}) {
    ColumnProfile column;
    column.name = name;
    column.stddev = 1;
    column.min = -3;
    column.max = 3;
    profile.columns.push_back(column);
  }
  profile.target.name = "y";
  profile.target.kind = TargetKind::kBinary;
  profile.target.classes = {"0", "1"};
  profile.target.class_counts = {600, 400};
  profile.split_rows = CountSplit(profile, profile.split);
  profile.table_bytes = 4096;
  profile.table_sha256 = std::string(64, 'a');
  return profile;
}

void RpcTest::MakeDataset(const std::string& id) {
  const domain::DatasetName name{"default", id};
  store::NewDataset dataset;
  dataset.name = name;
  domain::DatasetFile file;
  file.file_name = "data.csv";
  file.role = "train";
  file.size_bytes = 10;
  file.local_path = "/srv/data.csv";
  dataset.files = {file};
  internal::v1::DatasetRecord record;
  dataset.schema = SerializeStable(record);
  ASSERT_OK(server_->store->CreateDataset(dataset, {}));
  ASSERT_OK(server_->store->BeginImport(name));
  ASSERT_OK_AND_ASSIGN(const domain::Dataset claimed, server_->store->ClaimForImport(name));
  domain::ImportEnd end;
  end.outcome = domain::ImportEnd::Outcome::kSucceeded;
  record.mutable_resolved_schema()->mutable_target()->set_column("y");
  record.add_warnings("column a looks like an id");
  end.schema = SerializeStable(record);
  end.profile = ToJson(SomeProfile()).dump();
  end.table_sha256 = std::string(64, 'a');
  end.table_size_bytes = 4096;
  end.rows = 1000;
  end.columns = 4;
  ASSERT_OK(server_->store->FinishImport(name, claimed.attempt, end));
  std::filesystem::create_directories(layout_.TableDir(name));
}

v1::CreateJobRequest RpcTest::JobRequest(const std::string& job_id, const std::string& dataset) {
  v1::CreateJobRequest request;
  request.set_job_id(job_id);
  v1::JobSpec& spec = *request.mutable_job()->mutable_spec();
  spec.set_dataset(dataset);
  spec.mutable_feature_selection()->mutable_budget()->set_max_count(2);
  return request;
}

grpc::Status RpcTest::Create(const v1::CreateJobRequest& request, v1::Job* job) {
  grpc::ClientContext context;
  return jobs_->CreateJob(&context, request, job);
}

v1::Job RpcTest::MustCreate(const v1::CreateJobRequest& request) {
  v1::Job job;
  EXPECT_THAT(Create(request, &job), IsGrpcOk());
  return job;
}

v1::Job RpcTest::GetJob(const std::string& name) {
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_name(name);
  v1::Job job;
  EXPECT_THAT(jobs_->GetJob(&context, request, &job), IsGrpcOk());
  return job;
}

void RpcTest::WaitUntil(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!condition()) {
    if (absl::Now() > deadline) {
      ADD_FAILURE() << "waited 20 s in vain";
      return;
    }
    absl::SleepFor(absl::Milliseconds(5));  // between polls
  }
}

v1::Job RpcTest::WaitForState(const std::string& name, v1::Job::State state) {
  v1::Job job;
  WaitUntil([&] {
    job = GetJob(name);
    return job.state() == state;
  });
  EXPECT_EQ(job.state(), state) << name << " " << job.error().message();
  return job;
}

v1::Dataset RpcTest::WaitForState(const std::string& name, v1::Dataset::State state) {
  v1::Dataset dataset;
  WaitUntil([&] {
    grpc::ClientContext context;
    v1::GetDatasetRequest request;
    request.set_name(name);
    EXPECT_THAT(datasets_->GetDataset(&context, request, &dataset), IsGrpcOk());
    return dataset.state() == state;
  });
  EXPECT_EQ(dataset.state(), state) << name << " " << dataset.error().message();
  return dataset;
}

std::vector<v1::JobEvent> RpcTest::Log(const std::string& job) {
  std::vector<v1::JobEvent> events;
  while (true) {
    grpc::ClientContext context;
    v1::ListJobEventsRequest request;
    request.set_name(job);
    request.set_after_sequence(events.empty() ? 0 : events.back().sequence());
    v1::ListJobEventsResponse response;
    EXPECT_THAT(jobs_->ListJobEvents(&context, request, &response), IsGrpcOk());
    if (response.events().empty()) return events;
    events.insert(events.end(), response.events().begin(), response.events().end());
  }
}

}  // namespace winnow::rpc
