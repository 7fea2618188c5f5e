// A worker that speaks the protocol from a thread of the test instead of a process of its own.
#ifndef WINNOW_TESTS_UNIT_SERVER_RPC_FAKE_WORKER_TESTING_H_
#define WINNOW_TESTS_UNIT_SERVER_RPC_FAKE_WORKER_TESTING_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "server/launch/launcher.h"
#include "winnow/internal/v1/worker.grpc.pb.h"

namespace winnow::rpc {

// One connection. THREAD-SAFETY: Kill from any thread, the rest from one.
class FakeWorker {
 public:
  FakeWorker(const std::string& socket, launch::LaunchSpec spec);
  ~FakeWorker();

  // Says Hello and takes the assignment. False when the server refuses: see status().
  bool Attach(const std::string& version = "");
  bool AttachWithSecret(const std::string& secret);
  const internal::v1::Assignment& assignment() const { return assignment_; }

  bool Send(const internal::v1::AttachRequest& message);
  bool SendPick(int64_t ordinal, const std::string& candidate);
  bool SendProgress(int64_t step, double samples_per_s = 1000);
  // Writes a file into the attempt's folder and says that it is a checkpoint.
  bool SendCheckpoint(int64_t ordinal, int64_t step);
  // Sends the last word and waits until it is acknowledged.
  bool Finish(const internal::v1::AttachRequest& message);
  bool FinishWithFile(const std::string& artifact_id, const std::string& content,
                      int64_t ordinal = 0);
  bool FinishYielded();
  bool FinishFailed(int code, const std::string& message);

  // True once the server has sent this command; false when the connection ends first.
  bool WaitForCommand(internal::v1::Command::Kind kind);
  // True once events up to `ordinal` are acknowledged.
  bool WaitForAck(int64_t ordinal);
  // Until the connection ends.
  void WaitForEnd();
  // What the server ended the connection with.
  grpc::Status status();

  // As SIGKILL: the connection breaks.
  void Kill();
  const launch::LaunchSpec& spec() const { return spec_; }

 private:
  bool SayHello(const std::string& secret, const std::string& version);
  void ReadLoop();

  const launch::LaunchSpec spec_;
  const std::unique_ptr<internal::v1::WorkerService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientReaderWriter<internal::v1::AttachRequest, internal::v1::AttachResponse>>
      stream_;
  internal::v1::Assignment assignment_;
  std::thread reader_;
  absl::Mutex mutex_;
  std::set<int> commands_ ABSL_GUARDED_BY(mutex_);
  int64_t acked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

// What a worker does once it is started; returning is exit code 0.
using WorkerScript = std::function<void(FakeWorker&)>;

// Runs the script of the attempt's kind on a thread for each start.
class ScriptedLauncher final : public launch::Launcher {
 public:
  explicit ScriptedLauncher(std::string socket) : socket_(std::move(socket)) {}
  ~ScriptedLauncher() override { Silence(); }

  void SetScript(domain::WorkKind kind, WorkerScript script);
  // As when the server dies by SIGKILL: kills what runs and waits for it; no exit is reported, and
  // nothing starts any more.
  void Silence();

  absl::Status Launch(const launch::LaunchSpec& spec, OnExit on_exit) override;
  void Kill(const domain::AttemptId& attempt) override;

 private:
  struct Process {
    std::unique_ptr<FakeWorker> worker;
    bool killed = false;
  };

  const std::string socket_;
  absl::Mutex mutex_;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<domain::WorkKind, WorkerScript> scripts_ ABSL_GUARDED_BY(mutex_);
  std::map<domain::AttemptId, Process> processes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_TESTS_UNIT_SERVER_RPC_FAKE_WORKER_TESTING_H_
