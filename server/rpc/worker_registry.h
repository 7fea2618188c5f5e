// The streams of the workers that are connected: how the scheduler's commands find them.
#ifndef WINNOW_SERVER_RPC_WORKER_REGISTRY_H_
#define WINNOW_SERVER_RPC_WORKER_REGISTRY_H_

#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/sched/attempt_control.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::rpc {

// Someone who takes a command and sends it once the worker has its assignment. A stranger who only
// claims an attempt never gets one, and so never a command.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void SendCommand(internal::v1::Command::Kind kind) = 0;
};

// THREAD-SAFETY: any thread.
class WorkerRegistry final : public sched::AttemptControl {
 public:
  // Before the scheduler regards the attempt as attached, so that no command is lost.
  void Add(const domain::AttemptId& attempt, const std::shared_ptr<CommandSink>& sink);
  void Remove(const domain::AttemptId& attempt, const CommandSink* sink);

  void Cancel(const domain::AttemptId& attempt) override;
  void Stop(const domain::AttemptId& attempt) override;
  void Yield(const domain::AttemptId& attempt) override;

 private:
  void Send(const domain::AttemptId& attempt, internal::v1::Command::Kind kind);

  absl::Mutex mutex_;
  std::multimap<domain::AttemptId, std::shared_ptr<CommandSink>> sinks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WORKER_REGISTRY_H_
