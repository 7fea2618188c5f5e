#include "server/rpc/worker_registry.h"

#include <vector>

namespace winnow::rpc {

using internal::v1::Command;

void WorkerRegistry::Add(const domain::AttemptId& attempt,
                         const std::shared_ptr<CommandSink>& sink) {
  absl::MutexLock lock(&mutex_);
  sinks_.emplace(attempt, sink);
}

void WorkerRegistry::Remove(const domain::AttemptId& attempt, const CommandSink* sink) {
  std::shared_ptr<CommandSink> removed;  // dies outside the lock
  absl::MutexLock lock(&mutex_);
  const auto [begin, end] = sinks_.equal_range(attempt);
  for (auto it = begin; it != end; ++it) {
    if (it->second.get() != sink) continue;
    removed = std::move(it->second);
    sinks_.erase(it);
    return;
  }
}

void WorkerRegistry::Send(const domain::AttemptId& attempt, Command::Kind kind) {
  std::vector<std::shared_ptr<CommandSink>> sinks;
  {
    absl::MutexLock lock(&mutex_);
    const auto [begin, end] = sinks_.equal_range(attempt);
    for (auto it = begin; it != end; ++it) sinks.push_back(it->second);
  }
  for (const std::shared_ptr<CommandSink>& sink : sinks) sink->SendCommand(kind);
}

void WorkerRegistry::Cancel(const domain::AttemptId& attempt) {
  Send(attempt, Command::KIND_CANCEL);
}

void WorkerRegistry::Stop(const domain::AttemptId& attempt) { Send(attempt, Command::KIND_STOP); }

void WorkerRegistry::Yield(const domain::AttemptId& attempt) { Send(attempt, Command::KIND_YIELD); }

}  // namespace winnow::rpc
