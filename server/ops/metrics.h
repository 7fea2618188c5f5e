// What the server counts while it works, for Prometheus.
//
// Labels are bounded and known: never a job, dataset, peer, file or sequence. Names follow the
// naming rules of Prometheus; a test lints them.
#ifndef WINNOW_SERVER_OPS_METRICS_H_
#define WINNOW_SERVER_OPS_METRICS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/telemetry.h"
#include "server/domain/job.h"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace winnow::ops_http {

struct MetricRegistry;

// THREAD-SAFETY: any thread.
class Metrics final : public server::Telemetry {
 public:
  // Their series exist from the start, so that the first event shows in a rate. `methods`:
  // (service, method) of the contract; `algorithms`: names of selectors.
  explicit Metrics(const std::vector<std::pair<std::string, std::string>>& methods,
                   const std::vector<std::string>& algorithms = {});
  ~Metrics() override;

  // For sched::SchedulerDeps::on_job_changed.
  void OnJobChanged(const domain::Job& job);
  void OnRecovered(int64_t jobs);

  prometheus::Registry& registry();

  void OnRpcStarted(const std::string& service, const std::string& method, bool streaming) override;
  void OnRpcHandled(const std::string& service, const std::string& method, const std::string& code,
                    bool streaming, absl::Duration took) override;
  void OnRpcMessage(const std::string& service, const std::string& method) override;
  void OnRejected(const std::string& reason) override;
  void OnWatchersChanged(int delta) override;
  void OnWatchResumed() override;
  void OnWatchEventsSent(int64_t count) override;
  void OnWatchLag(int64_t events) override;
  void OnWatchClosed(const std::string& reason) override;
  void OnUploadsChanged(int delta) override;
  void OnUploadBytes(int64_t bytes) override;
  void OnUploadChunkCorrupt() override;
  void OnWatchProgressDropped(int64_t count) override;
  void OnAttemptStarted(int32_t priority, const char* reason, absl::Duration waited) override;
  void OnTraining(const std::string& algorithm, int64_t steps, double samples) override;
  void OnCheckpoint(int64_t bytes, absl::Duration took) override;
  void OnCheckpointsFailed(int64_t count) override;
  void OnStageEnded(const std::string& algorithm, const std::string& stage,
                    absl::Duration took) override;
  void OnKernel(const std::string& kernel, absl::Duration worked) override;
  void OnStoreTransaction(const char* op, absl::Duration took) override;
  void OnStoreBusy() override;

 private:
  // A cancel of a finished job reports it again; true for the first report.
  bool IsFirstEnd(const domain::Job& job);

  const std::unique_ptr<MetricRegistry> families_;
  absl::Mutex mutex_;
  std::set<int64_t> ended_ ABSL_GUARDED_BY(mutex_);  // orders of the newest ended jobs
  std::deque<int64_t> ended_order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_METRICS_H_
