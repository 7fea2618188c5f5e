// What one attached worker says, applied to the scheduler, and what it is told. No streams in here.
#ifndef WINNOW_SERVER_RPC_WORKER_SESSION_H_
#define WINNOW_SERVER_RPC_WORKER_SESSION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/domain/attempt_end.h"
#include "server/domain/event.h"
#include "server/domain/names.h"
#include "server/rpc/deps.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::rpc {

// What both ends must agree on, and what workers are told about their limits.
struct WorkerFacts {
  std::string version;
  int32_t plan_version = 0;
  int64_t default_memory_limit_bytes = 0;  // of jobs that have none; 0 = none
  int64_t import_memory_limit_bytes = 0;
};

// THREAD-SAFETY: one thread at a time. Calls block on the disk.
class WorkerSession {
 public:
  using Send = std::function<void(internal::v1::AttachResponse)>;
  // Called with the attempt before the scheduler regards it as attached: from then on commands may
  // come for it.
  using BeforeAttach = std::function<void(const domain::AttemptId&)>;

  // OWNERSHIP: `deps` and `facts` must outlive the session.
  WorkerSession(const Deps* deps, const WorkerFacts* facts, Send send, BeforeAttach before_attach);

  // Takes a message; events wait for Flush. An error ends the connection.
  absl::Status Handle(const internal::v1::AttachRequest& message);
  // Stores what waits, acknowledges it, and passes the sign of life on. Call after each batch of
  // messages.
  absl::Status Flush();
  // The connection is over.
  void Detach();

 private:
  absl::Status HandleHello(const internal::v1::Hello& hello);
  absl::Status HandleEvent(const internal::v1::EventReport& report);
  void HandleProgress(const v1::Progress& progress);
  void HandleUsage(const internal::v1::Usage& usage);
  absl::Status HandleCheckpoint(const internal::v1::CheckpointNotice& notice);
  absl::Status HandleFinished(const internal::v1::Finished& finished);
  absl::Status HandleImportFinished(const internal::v1::ImportFinished& finished);
  absl::Status HandleInferFinished(const internal::v1::InferFinished& finished);
  absl::Status StoreEvents();
  absl::StatusOr<std::string> RelativePath(const std::string& path) const;
  absl::StatusOr<domain::AttemptEnd> EndOf(const internal::v1::Finished& finished) const;
  absl::StatusOr<domain::ImportEnd> EndOf(const internal::v1::ImportFinished& finished) const;
  void SendAck(bool finished);
  void SendCommand(internal::v1::Command::Kind kind);

  const Deps& deps_;
  const WorkerFacts& facts_;
  const Send send_;
  const BeforeAttach before_attach_;

  std::optional<domain::AttemptId> attempt_;  // once attached
  domain::Job job_;                           // as it was then
  std::string schema_record_;                 // of the dataset to import
  std::vector<domain::WorkerEvent> waiting_;
  int64_t durable_ordinal_ = 0;
  int64_t checkpoint_step_ = 0;
  int64_t counted_step_ = 0;  // steps that telemetry has
  std::optional<absl::Duration> last_progress_;
};

// The only folder the worker may write, the table it reads, and so on.
internal::v1::Assignment MakeAssignment(const Deps& deps, const WorkerFacts& facts,
                                        const sched::AttachReply& reply);

// A worker's error with a reason of the contract: its own, or the one that its code implies.
domain::Error WorkerError(const google::rpc::Status& status, domain::WorkKind kind);

// The worker does not keep to the protocol.
absl::Status ProtocolError(const std::string& what);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WORKER_SESSION_H_
