// A worker's one connection to its server: the Attach stream of winnow.internal.v1.WorkerService.
//
// Reports go up in order; commands come down and become requests on the StopToken. A worker whose
// stream breaks has no purpose left: the process ends at once, its checkpoints are on disk and the
// server starts another attempt.
#ifndef WINNOW_SERVER_WORKER_SESSION_H_
#define WINNOW_SERVER_WORKER_SESSION_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "kernels/base/stop_token.h"
#include "winnow/internal/v1/worker.grpc.pb.h"

namespace winnow::worker {

struct SessionOptions {
  std::string server;      // gRPC target, "unix:/path/worker.sock"
  std::string attempt_id;  // from the command line
  std::string secret;      // from the environment
  std::string version;     // of the build
};

// THREAD-SAFETY: Send from any thread; the rest from the thread that made it.
class Session {
 public:
  // Connects and says Hello. UNAVAILABLE when the server is not there, PERMISSION_DENIED when it
  // refuses.
  static absl::StatusOr<std::unique_ptr<Session>> Attach(const SessionOptions& options);
  ~Session();

  const internal::v1::Assignment& assignment() const { return assignment_; }

  // Set by commands of the server.
  StopToken& stop() { return stop_; }

  void Send(const internal::v1::AttachRequest& message);

  // Sends the final report and waits until the server says that it is durable.
  void Finish(const internal::v1::AttachRequest& message);

 private:
  using Stream =
      grpc::ClientReaderWriterInterface<internal::v1::AttachRequest, internal::v1::AttachResponse>;

  explicit Session(std::shared_ptr<grpc::Channel> channel);
  absl::Status Hello(const SessionOptions& options);
  void ReadLoop();
  void HeartbeatLoop();

  std::unique_ptr<internal::v1::WorkerService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
  internal::v1::Assignment assignment_;
  StopToken stop_;

  std::mutex write_mutex_;  // one writer at a time on the stream
  std::mutex state_mutex_;  // guards finished_ and closing_
  std::condition_variable state_changed_;
  bool finished_ = false;  // the final report is durable
  bool closing_ = false;   // the heartbeat ends
  std::thread reader_;
  std::thread heartbeat_;
};

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_SESSION_H_
