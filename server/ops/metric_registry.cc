#include "server/ops/metric_registry.h"

#include <algorithm>
#include <array>
#include <string>

#include "server/domain/reasons.h"
#include "server/sched/scheduler.h"

namespace winnow::ops_http {
namespace {

using Registry = prometheus::Registry;

constexpr std::array kStages = {"load", "prepare", "select", "train", "evaluate", "write"};
constexpr std::array kKernelNames = {"pack", "rows", "outputs", "predict", "gradient"};
constexpr std::array kAttemptReasons = {"first", "crash", "drain", "retry"};
constexpr std::array kWatchEnds = {"TERMINAL", "CLIENT",     "TOO_SLOW",
                                   "DRAINING", "CREDENTIAL", "ERROR"};
// Why work is turned away.
constexpr std::array kRejections = {
    domain::reason::kTenantQueueFull, domain::reason::kServerQueueFull,
    domain::reason::kStorageQuota,    domain::reason::kUploadQuota,
    domain::reason::kWatchers,        domain::reason::kRequestRate,
    domain::reason::kDiskLow,         domain::reason::kMemoryLow,
    domain::reason::kNotEnoughMemory, domain::reason::kStarting,
    domain::reason::kDraining,        domain::reason::kStoreBusy};

MetricRegistry::Counters& NewCounters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
MetricRegistry::Gauges& NewGauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
MetricRegistry::Histograms& NewHistograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}
prometheus::Counter& NewCounter(Registry& registry, const char* name, const char* help) {
  return NewCounters(registry, name, help).Add({});
}
prometheus::Gauge& NewGauge(Registry& registry, const char* name, const char* help) {
  return NewGauges(registry, name, help).Add({});
}

}  // namespace

// Unary calls have deadlines of 10 and 20 s.
const Buckets& CallSeconds() {
  static const auto* const buckets =
      new Buckets{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60};
  return *buckets;
}
// A commit takes one fsync, 0.1 ms on a virtual disk and 50 ms on a slow one.
const Buckets& TransactionSeconds() {
  static const auto* const buckets =
      new Buckets{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5};
  return *buckets;
}
const Buckets& WaitSeconds() {
  static const auto* const buckets =
      new Buckets{.01, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 10800, 21600};
  return *buckets;
}
// Decimal steps: short and long jobs in one histogram.
const Buckets& StageSeconds() {
  static const auto* const buckets = new Buckets{.001, .01, .1, 1, 10, 100, 1000, 10000, 100000};
  return *buckets;
}
const Buckets& CheckpointSeconds() {
  static const auto* const buckets =
      new Buckets{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60};
  return *buckets;
}
const Buckets& LagEvents() {
  static const auto* const buckets = new Buckets{0, 1, 2, 5, 10, 50, 100, 500, 1000, 10000};
  return *buckets;
}

bool IsKnownStage(const std::string& stage) {
  return std::find(kStages.begin(), kStages.end(), stage) != kStages.end();
}
bool IsKnownKernel(const std::string& kernel) {
  return std::find(kKernelNames.begin(), kKernelNames.end(), kernel) != kKernelNames.end();
}

MetricRegistry::MetricRegistry()
    : rpc_started(NewCounters(registry, "winnow_rpc_server_started_total", "Calls that began.")),
      rpc_handled(NewCounters(registry, "winnow_rpc_server_handled_total",
                              "Calls that ended, by status code.")),
      rpc_seconds(NewHistograms(registry, "winnow_rpc_server_handling_seconds",
                                "Time from begin to end of unary calls.")),
      rpc_streams(
          NewGauges(registry, "winnow_rpc_server_streams", "Streaming calls that are open.")),
      rpc_messages(NewCounters(registry, "winnow_rpc_server_messages_total",
                               "Messages of streaming calls, received and sent.")),
      rejected(NewCounters(registry, "winnow_admission_rejected_total",
                           "Requests refused for now: quota, queue, disk, memory, drain.")),
      queue_wait(NewHistograms(registry, "winnow_queue_wait_seconds",
                               "Time from a job's creation to its first attempt.")),
      finished(NewCounters(registry, "winnow_jobs_finished_total",
                           "Jobs that reached a terminal state.")),
      attempts(NewCounters(registry, "winnow_job_attempts_total",
                           "Attempts of jobs whose worker connected: first, or again because of a "
                           "crash, a drain or anything else (retry).")),
      stage_seconds(NewHistograms(registry, "winnow_job_stage_duration_seconds",
                                  "Duration of the stages of attempts; a job trains and evaluates "
                                  "several models.")),
      numeric_faults(NewCounters(registry, "winnow_numeric_faults_total",
                                 "Jobs that ended because their numbers diverged or became "
                                 "undefined.")),
      samples(NewCounters(registry, "winnow_training_samples_total",
                          "Rows trained on, summed from the rates that workers report; its rate is "
                          "samples per second.")),
      steps(NewCounters(registry, "winnow_training_steps_total",
                        "Optimizer steps that workers reported.")),
      kernel_seconds(
          NewCounters(registry, "winnow_kernel_seconds_total",
                      "Time in the parallel phases of the mathematics, as the thread that "
                      "drives them saw it.")),
      checkpoint_seconds(NewHistograms(registry, "winnow_checkpoint_write_seconds",
                                       "Time to gather and write a checkpoint.")
                             .Add({}, CheckpointSeconds())),
      checkpoint_bytes(
          NewCounter(registry, "winnow_checkpoint_bytes_total", "Bytes of checkpoints written.")),
      checkpoint_failures(NewCounter(registry, "winnow_checkpoint_failures_total",
                                     "Checkpoints that could not be written.")),
      watchers(NewGauge(registry, "winnow_watchers", "Streams of WatchJob that are open.")),
      watch_events(NewCounter(registry, "winnow_watch_events_sent_total",
                              "Durable events sent to watchers.")),
      watch_dropped(NewCounter(registry, "winnow_watch_progress_dropped_total",
                               "Progress notes that watchers never got, because newer ones came "
                               "first.")),
      watch_resumes(NewCounter(registry, "winnow_watch_resumes_total",
                               "Watches that went on behind a sequence.")),
      watch_closed(
          NewCounters(registry, "winnow_watch_closed_total", "Watches that ended, by cause.")),
      watch_lag(NewHistograms(registry, "winnow_watch_lag_events",
                              "Events that the log was ahead of a watcher when it read.")
                    .Add({}, LagEvents())),
      uploads(NewGauge(registry, "winnow_uploads_open", "Streams of UploadDataset that are open.")),
      upload_bytes(
          NewCounter(registry, "winnow_upload_bytes_total", "Bytes of datasets received.")),
      upload_corrupt(NewCounter(registry, "winnow_upload_chunk_corrupt_total",
                                "Upload frames whose checksum was wrong.")),
      store_seconds(
          NewHistograms(registry, "winnow_store_txn_seconds",
                        "Time of a store transaction with the wait for others and for the "
                        "disk.")),
      store_busy(NewCounter(registry, "winnow_store_busy_total",
                            "Transactions that were given up because others held the store.")),
      recovered(NewCounter(registry, "winnow_recovered_jobs_total",
                           "Jobs that the start of this server took over from a dead one.")) {
  for (const char* kernel : kKernelNames) kernel_seconds.Add({{"kernel", kernel}});
  for (const char* reason : kAttemptReasons) attempts.Add({{"reason", reason}});
  for (const char* reason : kRejections) rejected.Add({{"reason", reason}});
  for (const char* reason : kWatchEnds) watch_closed.Add({{"reason", reason}});
  for (const char* op : {"read", "write"}) store_seconds.Add({{"op", op}}, TransactionSeconds());
  for (const char* priority : sched::kPriorityClasses) {
    queue_wait.Add({{"priority", priority}}, WaitSeconds());
  }
}

}  // namespace winnow::ops_http
