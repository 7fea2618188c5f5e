#include "tests/unit/server/sched/world_testing.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/store/sqlite_store.h"

namespace winnow::sched {
namespace {

const std::string& TableSha() {
  static const std::string* const sha = new std::string(64, 'a');
  return *sha;
}

}  // namespace

absl::Status FakeLauncher::Launch(const launch::LaunchSpec& spec, OnExit on_exit) {
  EXPECT_EQ(processes.count(spec.attempt), 0u);
  for (const auto& [attempt, process] : processes) {
    EXPECT_FALSE(attempt.kind == spec.attempt.kind && attempt.tenant == spec.attempt.tenant &&
                 attempt.id == spec.attempt.id)
        << "two workers for " << spec.attempt.ToString();
  }
  if (!next_launch.ok()) return std::exchange(next_launch, absl::OkStatus());
  EXPECT_OK(server::RealFileSystem()->CreateDirectories(spec.directory));
  processes[spec.attempt] = Process{spec, std::move(on_exit), false};
  if (during_launch) during_launch(spec);
  return absl::OkStatus();
}

void FakeLauncher::Kill(const domain::AttemptId& attempt) {
  const auto found = processes.find(attempt);
  if (found != processes.end()) found->second.killed = true;
}

void FakeLauncher::Exit(const domain::AttemptId& attempt, const domain::ExitInfo& exit) {
  const auto found = processes.find(attempt);
  ASSERT_NE(found, processes.end()) << attempt.ToString();
  const OnExit on_exit = std::move(found->second.on_exit);
  processes.erase(found);
  on_exit(attempt, exit);
}

SchedulerTest::SchedulerTest() : layout_(dir_.path()), files_(server::RealFileSystem()) {
  options_.data_dir = dir_.path();
  options_.job_slots = 2;
  StartServer();
}

SchedulerTest::~SchedulerTest() { KillServer(); }

void SchedulerTest::StartServer() {
  ASSERT_OK_AND_ASSIGN(store_, store::OpenSqliteStore(layout_.DatabaseFile(), &clock_));
  launcher_ = std::make_unique<FakeLauncher>();
  SchedulerDeps deps;
  deps.clock = &clock_;
  deps.files = &files_;
  deps.executor = &executor_;
  deps.ids = &ids_;
  deps.store = store_.get();
  deps.launcher = launcher_.get();
  deps.control = &control_;
  deps.memory = [this](int64_t* free_bytes, int64_t* total_bytes) {
    *free_bytes = memory_free_bytes_;
    *total_bytes = memory_total_bytes_;
  };
  deps.on_job_changed = [this](const domain::Job& job) {
    changes_.push_back(absl::StrCat(job.name.job, " ", domain::JobStateName(job.state)));
  };
  scheduler_ = MakeScheduler(options_, deps);
  ASSERT_OK(scheduler_->Start());
}

void SchedulerTest::KillServer() {
  scheduler_.reset();
  launcher_.reset();
  store_.reset();
}

store::NewJob SchedulerTest::JobOf(const std::string& id, int32_t threads,
                                   const std::string& tenant) {
  store::NewJob job;
  job.name = {tenant, id};
  job.config.spec = "spec";
  job.config.plan_version = 1;
  job.config.dataset = "d";
  job.config.dataset_sha256 = TableSha();
  job.config.threads = threads;
  return job;
}

void SchedulerTest::MakeDataset(const std::string& id, const std::string& tenant) {
  store::NewDataset dataset;
  dataset.name = {tenant, id};
  dataset.files.resize(1);
  dataset.files[0].local_path = "/data/" + id;
  ASSERT_OK(store_->CreateDataset(dataset, {}));
  ASSERT_OK(store_->BeginImport(dataset.name));
  ASSERT_OK(store_->ClaimForImport(dataset.name));
  domain::ImportEnd end;
  end.outcome = domain::ImportEnd::Outcome::kSucceeded;
  end.table_sha256 = TableSha();
  ASSERT_OK(store_->FinishImport(dataset.name, 1, end));
  ASSERT_OK(server::RealFileSystem()->CreateDirectories(layout_.TableDir(dataset.name)));
}

void SchedulerTest::Submit(const std::string& id, int32_t threads, const std::string& tenant) {
  if (!store_->GetDataset({tenant, "d"}).ok()) MakeDataset("d", tenant);
  ASSERT_OK(scheduler_->SubmitJob(JobOf(id, threads, tenant), {}));
}

absl::StatusOr<AttachReply> SchedulerTest::Attach(const domain::AttemptId& attempt) {
  return scheduler_->OnAttached(attempt, launcher_->processes[attempt].spec.secret);
}

absl::Status SchedulerTest::Succeed(const domain::AttemptId& attempt, bool stopped_early) {
  const std::string bytes = "{\"selected\": []}";
  EXPECT_OK(server::WriteFileAtomic(*server::RealFileSystem(),
                                    layout_.AttemptDir(attempt) + "/selection.json", bytes));
  domain::AttemptEnd end;
  end.outcome = domain::AttemptOutcome::kSucceeded;
  end.stopped_early = stopped_early;
  end.artifacts = {{"selection.json",
                    absl::StrCat("attempt-", attempt.number, "/selection.json"),
                    static_cast<int64_t>(bytes.size()),
                    server::Sha256Hex(bytes),
                    {}}};
  return scheduler_->OnFinished(attempt, end);
}

absl::Status SchedulerTest::Finish(const domain::AttemptId& attempt,
                                   domain::AttemptOutcome outcome) {
  domain::AttemptEnd end;
  end.outcome = outcome;
  if (outcome == domain::AttemptOutcome::kFailed) {
    end.error = domain::Error{absl::StatusCode::kInvalidArgument,
                              domain::reason::kNumericFault,
                              "diverged",
                              "",
                              {},
                              {},
                              std::nullopt};
  }
  return scheduler_->OnFinished(attempt, end);
}

domain::Job SchedulerTest::JobNow(const std::string& id, const std::string& tenant) {
  const auto job = store_->GetJob({tenant, id});
  EXPECT_OK(job);
  return job.ok() ? *job : domain::Job();
}

void SchedulerTest::Pass(absl::Duration time) {
  clock_.Advance(time);
  scheduler_->Tick();
}

}  // namespace winnow::sched
