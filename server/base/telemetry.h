// What the server tells about itself while it works, as an interface: metrics count it, tests
// record it, and by default nobody listens.
#ifndef WINNOW_SERVER_BASE_TELEMETRY_H_
#define WINNOW_SERVER_BASE_TELEMETRY_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace winnow::server {

// Calls must be cheap and must not block. THREAD-SAFETY: any thread.
class Telemetry {
 public:
  virtual ~Telemetry() = default;

  // Names are those of the contract: "winnow.v1.JobService", "GetJob"; codes "OK", "NOT_FOUND".
  virtual void OnRpcStarted(const std::string& /*service*/, const std::string& /*method*/,
                            bool /*streaming*/) {}
  virtual void OnRpcHandled(const std::string& /*service*/, const std::string& /*method*/,
                            const std::string& /*code*/, bool /*streaming*/,
                            absl::Duration /*took*/) {}
  // A message of a stream, in either direction.
  virtual void OnRpcMessage(const std::string& /*service*/, const std::string& /*method*/) {}
  // A request that was refused for now: quota, queue, disk, drain.
  virtual void OnRejected(const std::string& /*reason*/) {}

  virtual void OnWatchersChanged(int /*delta*/) {}
  virtual void OnWatchResumed() {}
  virtual void OnWatchEventsSent(int64_t /*count*/) {}
  // Events that the log was ahead of a watcher when it read.
  virtual void OnWatchLag(int64_t /*events*/) {}
  virtual void OnWatchClosed(const std::string& /*reason*/) {}

  virtual void OnUploadsChanged(int /*delta*/) {}
  virtual void OnUploadBytes(int64_t /*bytes*/) {}
  virtual void OnUploadChunkCorrupt() {}

  // Progress notes that a watcher never got, because newer ones came first.
  virtual void OnWatchProgressDropped(int64_t /*count*/) {}

  // A worker of a job has connected. `reason`: "first", or what ended the attempt before: "crash",
  // "drain", "retry". `waited`: from the job's creation, for its first attempt.
  virtual void OnAttemptStarted(int32_t /*priority*/, const char* /*reason*/,
                                absl::Duration /*waited*/) {}
  // What the newest progress of a running job adds to the one before.
  virtual void OnTraining(const std::string& /*algorithm*/, int64_t /*steps*/, double /*samples*/) {
  }
  virtual void OnCheckpoint(int64_t /*bytes*/, absl::Duration /*took*/) {}
  virtual void OnCheckpointsFailed(int64_t /*count*/) {}
  // A stage of an attempt has ended; see Usage in the worker protocol for the names.
  virtual void OnStageEnded(const std::string& /*algorithm*/, const std::string& /*stage*/,
                            absl::Duration /*took*/) {}
  virtual void OnKernel(const std::string& /*kernel*/, absl::Duration /*worked*/) {}

  // "read" or "write": from the call to the answer, with the wait for others and for the disk.
  virtual void OnStoreTransaction(const char* /*op*/, absl::Duration /*took*/) {}
  // A transaction that was given up because others held the store.
  virtual void OnStoreBusy() {}
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_TELEMETRY_H_
