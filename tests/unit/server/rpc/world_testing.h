// A whole server in the test's process: real store, scheduler, files and gRPC; workers are scripts.
#ifndef WINNOW_TESTS_UNIT_SERVER_RPC_WORLD_TESTING_H_
#define WINNOW_TESTS_UNIT_SERVER_RPC_WORLD_TESTING_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "kernels/base/dataset_profile.h"
#include "server/base/clock.h"
#include "server/base/executor.h"
#include "server/base/ticker.h"
#include "server/rpc/artifact_service.h"
#include "server/rpc/dataset_service.h"
#include "server/rpc/errors.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/job_service.h"
#include "server/rpc/system_service.h"
#include "server/rpc/worker_service.h"
#include "server/store/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/server/rpc/fake_worker_testing.h"

namespace winnow::rpc {

// Counts by name, as "started GetJob" or "rejected DRAINING".
class CountingTelemetry final : public server::Telemetry {
 public:
  int64_t Count(const std::string& what) const;

  void OnRpcStarted(const std::string& service, const std::string& method, bool) override;
  void OnRpcHandled(const std::string&, const std::string& method, const std::string& code, bool,
                    absl::Duration) override;
  void OnRpcMessage(const std::string&, const std::string& method) override;
  void OnRejected(const std::string& reason) override;
  void OnWatchersChanged(int delta) override;
  void OnWatchClosed(const std::string& reason) override;
  void OnUploadsChanged(int delta) override;
  void OnUploadBytes(int64_t bytes) override;
  void OnUploadChunkCorrupt() override;
  void OnWatchProgressDropped(int64_t count) override;
  void OnAttemptStarted(int32_t, const char* reason, absl::Duration) override;
  void OnTraining(const std::string& algorithm, int64_t steps, double samples) override;
  void OnCheckpoint(int64_t bytes, absl::Duration took) override;
  void OnCheckpointsFailed(int64_t count) override;
  void OnStageEnded(const std::string& algorithm, const std::string& stage,
                    absl::Duration took) override;
  void OnKernel(const std::string& kernel, absl::Duration worked) override;

 private:
  void Add(const std::string& what, int64_t count = 1);
  mutable absl::Mutex mutex_;
  std::map<std::string, int64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

// The details of a refused call.
struct Refusal {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::QuotaFailure quota;
  google::rpc::PreconditionFailure precondition;
  google::rpc::ResourceInfo resource;
  double retry_s = -1;
  size_t detail_bytes = 0;
};
Refusal ParseRefusal(const grpc::Status& status);
// Description by path.
std::map<std::string, std::string> ViolationsOf(const grpc::Status& status);

// Matches a grpc::Status with this code and ErrorInfo.reason.
MATCHER_P2(Refused, code, reason, "is refused") {
  const Refusal refusal = ParseRefusal(arg);
  *result_listener << "code " << refusal.code << " reason " << refusal.info.reason() << ": "
                   << refusal.message;
  return refusal.code == code && refusal.info.reason() == reason &&
         refusal.info.domain() == "winnow.v1";
}

MATCHER(IsGrpcOk, "is OK") {
  *result_listener << arg.error_code() << ": " << arg.error_message();
  return arg.ok();
}

class RpcTest : public testing::Test {
 protected:
  RpcTest();
  ~RpcTest() override;

  // Starts the server on the folder as it is. Called by SetUp.
  void StartServer();
  // kill -9: connections break, workers die, nothing is written any more. StartServer goes on.
  void KillServer();
  void SetUp() override { StartServer(); }

  void SetScript(domain::WorkKind kind, WorkerScript script);
  // Scripts of the usual kinds.
  static WorkerScript Succeeds();
  static WorkerScript RunsUntilKilled();

  // An ACTIVE dataset of four numeric columns a, b, c, d and a binary target, 1000 rows.
  void MakeDataset(const std::string& id = "adult");
  static DatasetProfile SomeProfile();

  // A request for 2 of the 4 columns.
  static v1::CreateJobRequest JobRequest(const std::string& job_id = "",
                                         const std::string& dataset = "adult");
  grpc::Status Create(const v1::CreateJobRequest& request, v1::Job* job);
  v1::Job MustCreate(const v1::CreateJobRequest& request);
  v1::Job GetJob(const std::string& name);
  // Polls until the condition holds; fails the test after 20 s.
  static void WaitUntil(const std::function<bool()>& condition);
  // WaitUntil the job is in the state.
  v1::Job WaitForState(const std::string& name, v1::Job::State state);
  v1::Dataset WaitForState(const std::string& name, v1::Dataset::State state);
  // All durable events by ListJobEvents.
  std::vector<v1::JobEvent> Log(const std::string& job);

  test::TempDir dir_;
  domain::DataDirLayout layout_;
  server::SystemClock clock_;
  CountingTelemetry telemetry_;
  sched::SchedulerOptions options_;
  Limits limits_;
  std::vector<std::string> allowed_roots_;
  bool open_gate_ = true;
  std::unique_ptr<auth::Authenticator> authenticator_;  // null: everybody is let in
  std::unique_ptr<RateLimiter> rates_;                  // null: no limit
  TlsFiles tls_;

  // Stubs of the running server.
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::ArtifactService::Stub> artifacts_;
  std::unique_ptr<v1::SystemService::Stub> system_;
  std::shared_ptr<grpc::Channel> channel_;

  // Of one life of the server. Made in this order, gone in the reverse one.
  struct Server {
    std::unique_ptr<store::Store> store;
    AllowedRoots roots;
    Gate gate;
    ProgressBoard progress;
    server::ThreadPoolExecutor starts{1};
    WorkerRegistry registry;
    std::unique_ptr<ScriptedLauncher> launcher;  // silenced before anything goes
    std::unique_ptr<sched::Scheduler> scheduler;
    Deps deps;
    // As in winnowd: what streams leave behind needs the above.
    server::ThreadPoolExecutor requests{4};
    server::ThreadPoolExecutor bulk{2};
    server::ThreadPoolExecutor workers{2};
    std::unique_ptr<WatchHub> watchers;
    std::vector<std::unique_ptr<grpc::Service>> services;
    std::unique_ptr<grpc::Server> worker_server;
    StartedServer public_server;
    std::unique_ptr<server::Ticker> ticks;
  };
  std::unique_ptr<Server> server_;

 private:
  void FillDeps();
  void Serve();
  std::map<domain::WorkKind, WorkerScript> scripts_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_TESTS_UNIT_SERVER_RPC_WORLD_TESTING_H_
