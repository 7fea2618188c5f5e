// winnowd: flags, wiring, run. The only file that knows every class.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kernels/plan/plan.h"
#include "server/auth/authenticator.h"
#include "server/base/clock.h"
#include "server/base/data_dir_lock.h"
#include "server/base/executor.h"
#include "server/base/failpoints.h"
#include "server/base/instruction_set.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/base/ticker.h"
#include "server/base/version.h"
#include "server/launch/local_process.h"
#include "server/ops/command_line.h"
#include "server/ops/drain.h"
#include "server/ops/memory.h"
#include "server/ops/metrics.h"
#include "server/ops/routes.h"
#include "server/ops/signals.h"
#include "server/ops/worker_socket.h"
#include "server/part_options.h"
#include "server/rpc/artifact_service.h"
#include "server/rpc/contract.h"
#include "server/rpc/dataset_service.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/job_service.h"
#include "server/rpc/system_service.h"
#include "server/rpc/worker_service.h"
#include "server/sched/retention.h"
#include "server/spec/capabilities.h"
#include "server/store/sqlite_store.h"
#include "winnow/build_commit.h"

namespace winnow {
namespace {

using ops_http::Settings;

// Of the whole shutdown: Kubernetes kills 30 s after SIGTERM.
constexpr absl::Duration kDrainBudget = absl::Seconds(25);

// Threads that may wait for the disk. Unary calls are short; uploads wait for fsync, and workers'
// reports for commits that share one.
constexpr int kRequestThreads = 8;
constexpr int kBulkThreads = 4;
constexpr int kWorkerThreads = 4;
constexpr int kStartThreads = 2;

std::vector<std::string> Algorithms() {
  const v1::Capabilities capabilities = spec::AlgorithmCapabilities();
  std::vector<std::string> names;
  for (const v1::SelectorInfo& selector : capabilities.selectors()) {
    names.push_back(selector.name());
  }
  return names;
}

// Members are made in this order and go in the reverse one: what calls goes before what is called.
class Winnowd {
 public:
  explicit Winnowd(Settings settings)
      : settings_(std::move(settings)),
        options_(SchedulerOptionsOf(settings_)),
        layout_(settings_.data_dir),
        metrics_(rpc::ContractMethods(), Algorithms()),
        rates_(&clock_, options_.tenant_quotas),
        starts_(kStartThreads),
        requests_(kRequestThreads),
        bulk_(kBulkThreads),
        workers_(kWorkerThreads) {}

  // Workers that are left are killed.
  ~Winnowd() {
    if (scheduler_ == nullptr) return;
    scheduler_->StartDrain();
    scheduler_->KillAll();
    // A worker that is being started needs the launcher until it runs.
    for (int i = 0; i < 250 && !scheduler_->IsIdle(); ++i) absl::SleepFor(absl::Milliseconds(20));
  }

  absl::Status Start();
  void DeleteOldJobs();
  // Reads again what may change while the server runs: the credentials.
  void Reload();
  // The polite end; the destructor does what is left.
  void Drain();

 private:
  absl::Status Open();
  void MakeDeps();
  absl::Status Listen();
  absl::Status Recover();

  const Settings settings_;
  const sched::SchedulerOptions options_;
  const domain::DataDirLayout layout_;
  server::SystemClock clock_;
  ops_http::Metrics metrics_;
  rpc::RateLimiter rates_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<server::DataDirLock> lock_;
  std::unique_ptr<ops_http::WorkerSocket> socket_;
  std::unique_ptr<store::Store> store_;
  rpc::AllowedRoots roots_;
  rpc::Gate gate_;
  rpc::ProgressBoard progress_;
  server::ThreadPoolExecutor starts_;
  rpc::WorkerRegistry registry_;
  std::unique_ptr<sched::Scheduler> scheduler_;
  std::unique_ptr<launch::Launcher> launcher_;
  rpc::Deps deps_;
  // What the last streams leave behind runs here after their server is gone, and needs the above.
  server::ThreadPoolExecutor requests_;
  server::ThreadPoolExecutor bulk_;
  server::ThreadPoolExecutor workers_;
  std::unique_ptr<rpc::WatchHub> watchers_;
  std::unique_ptr<ops_http::StateCollector> state_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<ops_http::HttpServer> http_;
  std::unique_ptr<grpc::Server> worker_server_;
  rpc::StartedServer public_server_;
  std::unique_ptr<server::Ticker> ticks_;
  std::unique_ptr<server::Ticker> purges_;
  std::unique_ptr<server::Ticker> reloads_;
};

absl::Status Winnowd::Open() {
  if (::access(settings_.worker.c_str(), X_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("worker: ", settings_.worker,
                                            " is not a program that can be run; set --worker"));
  }
  ASSIGN_OR_RETURN(roots_, rpc::AllowedRoots::Make(settings_.allow_roots));
  if (!settings_.credentials.empty()) {
    ASSIGN_OR_RETURN(authenticator_, auth::Authenticator::Load(server::RealFileSystem(), &clock_,
                                                               settings_.credentials));
  }
  ASSIGN_OR_RETURN(lock_, server::DataDirLock::Acquire(settings_.data_dir));
  ASSIGN_OR_RETURN(socket_, ops_http::WorkerSocket::Make(layout_.WorkerSocket()));
  ASSIGN_OR_RETURN(store_, store::OpenSqliteStore(layout_.DatabaseFile(), &clock_, &metrics_));
  return absl::OkStatus();
}

void Winnowd::MakeDeps() {
  launcher_ = launch::MakeLocalProcessLauncher(LauncherOptionsOf(settings_, socket_->path()));
  sched::SchedulerDeps deps;
  deps.clock = &clock_;
  deps.files = server::RealFileSystem();
  deps.executor = &starts_;
  deps.ids = server::SystemIdSource();
  deps.store = store_.get();
  deps.launcher = launcher_.get();
  deps.control = &registry_;
  deps.memory = [](int64_t* free_bytes, int64_t* total_bytes) {
    const ops_http::Memory memory = ops_http::ReadMemory();
    *free_bytes = memory.free_bytes;
    *total_bytes = memory.total_bytes;
  };
  deps.on_job_changed = [this](const domain::Job& job) { metrics_.OnJobChanged(job); };
  scheduler_ = sched::MakeScheduler(options_, deps);
  deps_.clock = &clock_;
  deps_.files = server::RealFileSystem();
  deps_.ids = server::SystemIdSource();
  deps_.requests = &requests_;
  deps_.bulk = &bulk_;
  deps_.workers = &workers_;
  deps_.telemetry = &metrics_;
  deps_.store = store_.get();
  deps_.scheduler = scheduler_.get();
  deps_.layout = &layout_;
  deps_.progress = &progress_;
  deps_.gate = &gate_;
  deps_.authenticator = authenticator_.get();
  deps_.rates = &rates_;
  deps_.limits = LimitsOf(settings_);
  deps_.quotas = options_.tenant_quotas;
  watchers_ = std::make_unique<rpc::WatchHub>(&deps_);
  state_ = std::make_unique<ops_http::StateCollector>(ops_http::StateCollector::Sources{
      &clock_,
      server::RealFileSystem(),
      store_.get(),
      scheduler_.get(),
      settings_.data_dir,
      {{"version", server::kVersion}, {"commit", kCommit}, {"onednn", WINNOW_ONEDNN_VERSION}}});
}

absl::Status Winnowd::Listen() {
  const rpc::WorkerFacts facts{server::kVersion, static_cast<int32_t>(plan::kPlanVersion),
                               settings_.job_memory_limit_bytes,
                               settings_.import_memory_limit_bytes};
  auto worker_service = std::make_unique<rpc::WorkerServiceImpl>(&deps_, facts, &registry_);
  ASSIGN_OR_RETURN(worker_server_, rpc::StartWorkerServer(socket_->path(), worker_service.get()));
  services_.push_back(std::move(worker_service));

  std::vector<grpc::Service*> contract;
  const auto serve = [&](std::unique_ptr<grpc::Service> service) {
    contract.push_back(service.get());
    services_.push_back(std::move(service));
  };
  serve(std::make_unique<rpc::DatasetServiceImpl>(&deps_, &roots_));
  serve(std::make_unique<rpc::JobServiceImpl>(&deps_, watchers_.get()));
  serve(std::make_unique<rpc::ArtifactServiceImpl>(&deps_));
  serve(std::make_unique<rpc::SystemServiceImpl>(
      &deps_,
      rpc::SystemFacts{server::kVersion, server::InstructionSetName(), options_.server_quota}));
  ASSIGN_OR_RETURN(const server::Endpoint endpoint, server::ParseEndpoint(settings_.listen));
  ASSIGN_OR_RETURN(
      public_server_,
      rpc::StartPublicServer({endpoint,
                              deps_.limits,
                              &clock_,
                              &metrics_,
                              {settings_.tls_cert, settings_.tls_key, settings_.tls_client_ca}},
                             contract));
  if (settings_.http.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const server::Endpoint http, server::ParseEndpoint(settings_.http));
  ASSIGN_OR_RETURN(
      http_,
      ops_http::HttpServer::Start(
          http, ops_http::MakeRoutes(server::kVersion, &metrics_.registry(), state_.get(), [this] {
            const absl::Status status = gate_.CheckAccepting();
            return status.ok() ? std::string() : domain::ReasonOf(status);
          })));
  return absl::OkStatus();
}

absl::Status Winnowd::Recover() {
  ASSIGN_OR_RETURN(const store::RecoveryReport report, scheduler_->Start());
  const int64_t jobs = report.requeued + report.failed + report.cancelled + report.paused;
  metrics_.OnRecovered(jobs);
  if (jobs + report.imports_failed > 0) {
    server::LogInfo("recovered", {{"requeued", absl::StrCat(report.requeued)},
                                  {"failed", absl::StrCat(report.failed)},
                                  {"cancelled", absl::StrCat(report.cancelled)},
                                  {"paused", absl::StrCat(report.paused)},
                                  {"imports_failed", absl::StrCat(report.imports_failed)}});
  }
  return rpc::RecoverUploads(deps_);
}

// Ports are taken before recovery, so that a server that cannot serve changes nothing; calls are
// answered after it.
absl::Status Winnowd::Start() {
  RETURN_IF_ERROR(Open());
  MakeDeps();
  RETURN_IF_ERROR(Listen());
  RETURN_IF_ERROR(Recover());
  ticks_ =
      std::make_unique<server::Ticker>(absl::Milliseconds(100), [this] { scheduler_->Tick(); });
  purges_ = std::make_unique<server::Ticker>(absl::Minutes(10), [this] {
    const absl::Status purged = store_->PurgeRequests().status();
    if (!purged.ok()) server::LogWarning("request ids stay", {{"error", purged.ToString()}});
    DeleteOldJobs();
  });
  if (authenticator_ != nullptr) {
    reloads_ = std::make_unique<server::Ticker>(absl::Seconds(5), [this] { Reload(); });
  }
  gate_.Open();
  rpc::SetServing(*public_server_.server, true);
  server::LogInfo(
      "serving", {{"listen", public_server_.address},
                  {"http", http_ == nullptr ? "off" : http_->address()},
                  {"data_dir", settings_.data_dir},
                  {"tls", TlsText(settings_)},
                  {"credentials", authenticator_ == nullptr ? "none asked for"
                                                            : absl::StrCat(authenticator_->size())},
                  {"version", server::kVersion},
                  {"pid", absl::StrCat(::getpid())}});
  return absl::OkStatus();
}

void Winnowd::DeleteOldJobs() {
  if (settings_.job_retention_hours == 0) return;
  const absl::StatusOr<int64_t> deleted =
      sched::DeleteJobsEndedBefore(clock_.Now() - absl::Hours(settings_.job_retention_hours),
                                   *server::RealFileSystem(), layout_, *store_, *scheduler_);
  if (!deleted.ok()) {
    server::LogWarning("old jobs stay", {{"error", deleted.status().ToString()}});
  } else if (*deleted > 0) {
    server::LogInfo("old jobs deleted", {{"jobs", absl::StrCat(*deleted)}});
  }
}

void Winnowd::Reload() {
  if (authenticator_ == nullptr) return;
  const absl::StatusOr<bool> changed = authenticator_->ReloadIfChanged();
  if (!changed.ok()) {
    server::LogError("the credentials stay as they were",
                     {{"error", std::string(changed.status().message())}});
  } else if (*changed) {
    server::LogInfo("credentials read again", {{"entries", absl::StrCat(authenticator_->size())}});
  }
}

void Winnowd::Drain() {
  ops_http::DrainSteps steps;
  steps.refuse_new_work = [this] {
    rpc::SetServing(*public_server_.server, false);
    gate_.Drain();
  };
  steps.yield_workers = [this] { scheduler_->StartDrain(); };
  steps.workers_left = [this] { return scheduler_->IsIdle(); };
  steps.kill_workers = [this] { scheduler_->KillAll(); };
  steps.end_watches = [this] { watchers_->Drain(); };
  steps.stop_serving = [this](absl::Duration limit) {
    public_server_.server->Shutdown(absl::ToChronoTime(absl::Now() + limit));
    worker_server_->Shutdown(absl::ToChronoTime(absl::Now()));
  };
  steps.wait = [](absl::Duration time) { absl::SleepFor(time); };
  ops_http::Drain(clock_, steps);
  const absl::Status truncated = store_->TruncateLog();
  if (!truncated.ok()) server::LogWarning("store", {{"error", truncated.ToString()}});
}

int Run(Settings settings) {
  server::LogOptions log;
  const absl::Status parsed =
      server::ParseLogOptions(settings.log_level, settings.log_format, &log);
  if (parsed.ok()) server::InitLogging(log);
  const absl::Status failpoints = server::SetFailpointsFromEnvironment();
  const bool insecure = settings.insecure;
  Winnowd winnowd(std::move(settings));
  const absl::Status started = failpoints.ok() ? winnowd.Start() : failpoints;
  if (!started.ok()) {
    server::LogError("winnowd does not start", {{"error", std::string(started.message())}});
    return ops_http::kBadStart;
  }
  if (insecure) {
    server::LogWarning(
        "--insecure: connections from other machines are neither encrypted nor asked who they are");
  }
  int signal = ops_http::WaitForSignal();
  for (; signal == SIGHUP; signal = ops_http::WaitForSignal()) winnowd.Reload();
  server::LogInfo("shutting down", {{"signal", absl::StrCat(signal)}});
  ops_http::ExitAtNextSignalOrAfter(kDrainBudget);
  winnowd.Drain();
  server::LogInfo("shut down");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  auto parsed = winnow::ops_http::ParseCommandLine(argc, argv);
  if (const auto* early = std::get_if<winnow::ops_http::EarlyExit>(&parsed)) {
    std::fputs(early->output.c_str(), early->status == 0 ? stdout : stderr);
    return early->status;
  }
  ::umask(077);  // everything the server makes is for its user alone
  winnow::ops_http::BlockSignals();
  return winnow::Run(std::get<winnow::ops_http::Settings>(std::move(parsed)));
}
