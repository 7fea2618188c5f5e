#include "server/ops/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "server/domain/job_state.h"

namespace winnow::ops_http {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

// How many ended jobs are remembered, so that none is counted twice.
constexpr size_t kRememberedEnds = 4096;

// 1 ms to 60 s: unary calls have deadlines of 10 and 20 s.
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
// 10 ms to 6 h.
const Buckets& WaitSeconds() {
  static const auto* const buckets =
      new Buckets{.01, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 10800, 21600};
  return *buckets;
}
const Buckets& LagEvents() {
  static const auto* const buckets = new Buckets{0, 1, 2, 5, 10, 50, 100, 500, 1000, 10000};
  return *buckets;
}

const char* PriorityClass(int32_t priority) {
  return priority < 0 ? "low" : priority == 0 ? "normal" : "high";
}

Family<Counter>& AddCounter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
Family<Gauge>& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
Family<Histogram>& AddHistogram(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;

  Family<Counter>& rpc_started =
      AddCounter(registry, "winnow_rpc_server_started_total", "Calls that began.");
  Family<Counter>& rpc_handled =
      AddCounter(registry, "winnow_rpc_server_handled_total", "Calls that ended, by status code.");
  Family<Histogram>& rpc_seconds = AddHistogram(registry, "winnow_rpc_server_handling_seconds",
                                                "Time from begin to end of unary calls.");
  Family<Gauge>& rpc_streams =
      AddGauge(registry, "winnow_rpc_server_streams", "Streaming calls that are open.");
  Family<Counter>& rpc_messages = AddCounter(registry, "winnow_rpc_server_messages_total",
                                             "Messages of streaming calls, received and sent.");
  Family<Counter>& rejected =
      AddCounter(registry, "winnow_admission_rejected_total",
                 "Requests refused for now: quota, queue, disk, memory, drain.");
  Family<Histogram>& queue_wait = AddHistogram(registry, "winnow_queue_wait_seconds",
                                               "Time from a job's creation to its first attempt.");
  Family<Counter>& finished =
      AddCounter(registry, "winnow_jobs_finished_total", "Jobs that reached a terminal state.");
  Family<Counter>& numeric_faults =
      AddCounter(registry, "winnow_numeric_faults_total",
                 "Jobs that ended because their numbers diverged or became undefined.");
  Family<Counter>& attempts =
      AddCounter(registry, "winnow_job_attempts_total",
                 "Attempts of jobs whose worker connected: first or again.");
  Family<Counter>& samples = AddCounter(registry, "winnow_training_samples_total",
                                        "Rows trained on, summed from the rates that workers "
                                        "report; its rate is samples per second.");
  Family<Counter>& steps =
      AddCounter(registry, "winnow_training_steps_total", "Optimizer steps that workers reported.");
  Family<Counter>& checkpoint_bytes =
      AddCounter(registry, "winnow_checkpoint_bytes_total", "Bytes of checkpoints written.");
  Gauge& watchers =
      AddGauge(registry, "winnow_watchers", "Streams of WatchJob that are open.").Add({});
  Counter& watch_events =
      AddCounter(registry, "winnow_watch_events_sent_total", "Durable events sent to watchers.")
          .Add({});
  Counter& watch_resumes =
      AddCounter(registry, "winnow_watch_resumes_total", "Watches that went on behind a sequence.")
          .Add({});
  Family<Counter>& watch_closed =
      AddCounter(registry, "winnow_watch_closed_total", "Watches that ended, by cause.");
  Histogram& watch_lag = AddHistogram(registry, "winnow_watch_lag_events",
                                      "Events that the log was ahead of a watcher when it read.")
                             .Add({}, LagEvents());
  Gauge& uploads =
      AddGauge(registry, "winnow_uploads_open", "Streams of UploadDataset that are open.").Add({});
  Counter& upload_bytes =
      AddCounter(registry, "winnow_upload_bytes_total", "Bytes of datasets received.").Add({});
  Counter& upload_corrupt = AddCounter(registry, "winnow_upload_chunk_corrupt_total",
                                       "Upload frames whose checksum was wrong.")
                                .Add({});
  Family<Histogram>& store_seconds =
      AddHistogram(registry, "winnow_store_txn_seconds",
                   "Time of a store transaction with the wait for others and for the disk.");
  Counter& recovered = AddCounter(registry, "winnow_recovered_jobs_total",
                                  "Jobs that the start of this server took over from a dead one.")
                           .Add({});
};

Metrics::Metrics(const std::vector<std::pair<std::string, std::string>>& methods)
    : families_(std::make_unique<Families>()) {
  for (const auto& [service, method] : methods) {
    families_->rpc_started.Add({{"service", service}, {"method", method}});
  }
}

Metrics::~Metrics() = default;

prometheus::Registry& Metrics::registry() { return families_->registry; }

bool Metrics::IsFirstEnd(const domain::Job& job) {
  absl::MutexLock lock(&mutex_);
  if (!ended_.insert(job.order).second) return false;
  ended_order_.push_back(job.order);
  if (ended_order_.size() > kRememberedEnds) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  return true;
}

void Metrics::OnJobChanged(const domain::Job& job) {
  if (!domain::IsTerminal(job.state) || !IsFirstEnd(job)) return;
  families_->finished
      .Add({{"state", domain::JobStateName(job.state)}, {"algorithm", job.config.selector}})
      .Increment();
  if (job.error.has_value() && job.error->reason == domain::reason::kNumericFault) {
    families_->numeric_faults.Add({{"algorithm", job.config.selector}}).Increment();
  }
}

void Metrics::OnRecovered(int64_t jobs) { families_->recovered.Increment(jobs); }

void Metrics::OnRpcStarted(const std::string& service, const std::string& method, bool streaming) {
  const prometheus::Labels labels = {{"service", service}, {"method", method}};
  families_->rpc_started.Add(labels).Increment();
  if (streaming) families_->rpc_streams.Add(labels).Increment();
}

void Metrics::OnRpcHandled(const std::string& service, const std::string& method,
                           const std::string& code, bool streaming, absl::Duration took) {
  const prometheus::Labels labels = {{"service", service}, {"method", method}};
  families_->rpc_handled.Add({{"service", service}, {"method", method}, {"code", code}})
      .Increment();
  if (streaming) {
    families_->rpc_streams.Add(labels).Decrement();
  } else {
    families_->rpc_seconds.Add(labels, CallSeconds()).Observe(absl::ToDoubleSeconds(took));
  }
}

void Metrics::OnRpcMessage(const std::string& service, const std::string& method) {
  families_->rpc_messages.Add({{"service", service}, {"method", method}}).Increment();
}

void Metrics::OnRejected(const std::string& reason) {
  families_->rejected.Add({{"reason", reason}}).Increment();
}

void Metrics::OnWatchersChanged(int delta) { families_->watchers.Increment(delta); }
void Metrics::OnWatchResumed() { families_->watch_resumes.Increment(); }
void Metrics::OnWatchEventsSent(int64_t count) {
  families_->watch_events.Increment(static_cast<double>(count));
}
void Metrics::OnWatchLag(int64_t events) {
  families_->watch_lag.Observe(static_cast<double>(events));
}
void Metrics::OnWatchClosed(const std::string& reason) {
  families_->watch_closed.Add({{"reason", reason}}).Increment();
}

void Metrics::OnUploadsChanged(int delta) { families_->uploads.Increment(delta); }
void Metrics::OnUploadBytes(int64_t bytes) {
  families_->upload_bytes.Increment(static_cast<double>(bytes));
}
void Metrics::OnUploadChunkCorrupt() { families_->upload_corrupt.Increment(); }

void Metrics::OnAttemptStarted(int32_t priority, bool first, absl::Duration waited) {
  families_->attempts.Add({{"reason", first ? "first" : "again"}}).Increment();
  if (!first) return;
  families_->queue_wait.Add({{"priority", PriorityClass(priority)}}, WaitSeconds())
      .Observe(absl::ToDoubleSeconds(waited));
}

void Metrics::OnTraining(const std::string& algorithm, int64_t steps, double samples) {
  families_->steps.Add({{"algorithm", algorithm}}).Increment(static_cast<double>(steps));
  families_->samples.Add({{"algorithm", algorithm}}).Increment(samples);
}

void Metrics::OnCheckpoint(int64_t bytes) {
  families_->checkpoint_bytes.Add({}).Increment(static_cast<double>(bytes));
}

void Metrics::OnStoreTransaction(const char* op, absl::Duration took) {
  families_->store_seconds.Add({{"op", op}}, TransactionSeconds())
      .Observe(absl::ToDoubleSeconds(took));
}

}  // namespace winnow::ops_http
