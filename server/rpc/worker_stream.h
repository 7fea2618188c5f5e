// One Attach stream: messages of a worker are handled in order on deps.workers, answers and
// commands go out in order.
#ifndef WINNOW_SERVER_RPC_WORKER_STREAM_H_
#define WINNOW_SERVER_RPC_WORKER_STREAM_H_

#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/deps.h"
#include "server/rpc/worker_registry.h"
#include "server/rpc/worker_session.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::rpc {

// THREAD-SAFETY: any thread.
class WorkerStream final
    : public grpc::ServerBidiReactor<internal::v1::AttachRequest, internal::v1::AttachResponse>,
      public CommandSink,
      public std::enable_shared_from_this<WorkerStream> {
 public:
  // The reactor of a new stream. OWNERSHIP: all must outlive it.
  static WorkerStream* Start(const Deps* deps, const WorkerFacts* facts, WorkerRegistry* registry);

  WorkerStream(const Deps* deps, const WorkerFacts* facts, WorkerRegistry* registry);

  void SendCommand(internal::v1::Command::Kind kind) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  using Inbox = std::deque<internal::v1::AttachRequest>;

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Send(internal::v1::AttachResponse response);
  void ScheduleWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  absl::Status HandleAll(const Inbox& messages);
  void Close(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Deps& deps_;
  WorkerRegistry& registry_;
  WorkerSession session_;                     // one Work at a time
  std::optional<domain::AttemptId> claimed_;  // in the registry; as session_
  std::shared_ptr<WorkerStream> self_;        // until OnDone

  absl::Mutex mutex_;
  internal::v1::AttachRequest request_ ABSL_GUARDED_BY(mutex_);
  internal::v1::AttachResponse response_ ABSL_GUARDED_BY(mutex_);
  Inbox inbox_ ABSL_GUARDED_BY(mutex_);
  std::deque<internal::v1::AttachResponse> outbox_ ABSL_GUARDED_BY(mutex_);
  std::deque<internal::v1::AttachResponse> held_ ABSL_GUARDED_BY(mutex_);  // until assigned
  bool assigned_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_over_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool working_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;  // Finish was called; nothing may be started
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WORKER_STREAM_H_
