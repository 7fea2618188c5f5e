#include "server/ops/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <regex>
#include <set>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/ops/state_collector.h"
#include "server/store/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/stub_scheduler.h"
#include "tests/support/temp_dir.h"

namespace winnow::ops_http {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;
using testing::HasSubstr;

class BusyScheduler : public test::StubScheduler {
 public:
  sched::SchedulerLoad Load() override {
    sched::SchedulerLoad load;
    load.job_slots = 4;
    load.busy_job_slots = 3;
    load.queued_jobs = 17;
    load.queues[1] = {16, absl::Seconds(90)};
    load.queues[2] = {1, absl::Seconds(3)};
    load.busy_slot_time = absl::Seconds(1234);
    load.oldest_checkpoint_age = absl::Seconds(12);
    return load;
  }
};

domain::Job EndedJob(int64_t order, domain::JobState state) {
  domain::Job job;
  job.order = order;
  job.state = state;
  job.config.selector = "random";
  return job;
}

// Every method of Telemetry once.
void Exercise(Metrics& metrics) {
  metrics.OnRpcStarted("winnow.v1.JobService", "GetJob", false);
  metrics.OnRpcHandled("winnow.v1.JobService", "GetJob", "OK", false, absl::Milliseconds(3));
  metrics.OnRpcStarted("winnow.v1.JobService", "WatchJob", true);
  metrics.OnRpcMessage("winnow.v1.JobService", "WatchJob");
  metrics.OnRejected("DRAINING");
  metrics.OnWatchersChanged(1);
  metrics.OnWatchResumed();
  metrics.OnWatchEventsSent(5);
  metrics.OnWatchLag(5);
  metrics.OnWatchClosed("TERMINAL");
  metrics.OnUploadsChanged(1);
  metrics.OnUploadBytes(100);
  metrics.OnUploadChunkCorrupt();
  metrics.OnWatchProgressDropped(3);
  metrics.OnAttemptStarted(0, "first", absl::Seconds(2));
  metrics.OnAttemptStarted(5, "crash", absl::Seconds(2));
  metrics.OnTraining("random", 10, 2560);
  metrics.OnCheckpoint(1000, absl::Milliseconds(30));
  metrics.OnCheckpointsFailed(1);
  metrics.OnStageEnded("random", "train", absl::Seconds(40));
  metrics.OnKernel("rows", absl::Milliseconds(1500));
  metrics.OnStoreBusy();
  metrics.OnStoreTransaction("write", absl::Microseconds(300));
  metrics.OnJobChanged(EndedJob(1, domain::JobState::kSucceeded));
  metrics.OnRecovered(2);
}

class MetricsTest : public testing::Test {
 protected:
  using Methods = std::vector<std::pair<std::string, std::string>>;

  MetricsTest() : metrics_(Methods{{"winnow.v1.JobService", "GetJob"}}) {
    store_ = *store::OpenSqliteStore(dir_.File("winnow.db"), &clock_);
    state_ = std::make_unique<StateCollector>(
        StateCollector::Sources{&clock_,
                                server::RealFileSystem(),
                                store_.get(),
                                &scheduler_,
                                dir_.path(),
                                {{"version", "1.2.3"}, {"commit", "abc"}, {"onednn", "2.6.3"}}});
  }

  std::vector<MetricFamily> Scrape() {
    std::vector<MetricFamily> families = metrics_.registry().Collect();
    for (MetricFamily& family : state_->Collect()) families.push_back(std::move(family));
    return families;
  }
  std::string Text() { return prometheus::TextSerializer().Serialize(Scrape()); }

  test::TempDir dir_;
  server::FakeClock clock_;
  std::unique_ptr<store::Store> store_;
  BusyScheduler scheduler_;
  Metrics metrics_;
  std::unique_ptr<StateCollector> state_;
};

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// prometheus.io/docs/practices/naming: counters end in _total, nothing else does; units are base
// units and stand in the name; labels are few and known.
TEST_F(MetricsTest, NamesAndLabelsKeepTheRules) {
  Exercise(metrics_);
  const std::regex name("(winnow|process)_[a-z][a-z0-9_]*");
  const std::regex derived_unit("(_ms|_us|_milliseconds|_kb|_mb|_percent)(_|$)");
  const std::set<std::string> known_labels = {
      "service",  "method",  "code",   "reason", "state", "algorithm", "op",
      "priority", "version", "commit", "onednn", "stage", "kernel"};
  std::set<std::string> names;
  for (const MetricFamily& family : Scrape()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_TRUE(std::regex_match(family.name, name)) << family.name;
    EXPECT_FALSE(std::regex_search(family.name, derived_unit)) << family.name;
    EXPECT_GT(family.help.size(), 5u) << family.name;
    EXPECT_EQ(family.help.back(), '.') << family.name;
    EXPECT_EQ(family.type == MetricType::Counter, EndsWith(family.name, "_total")) << family.name;
    if (family.type == MetricType::Histogram) {
      EXPECT_TRUE(EndsWith(family.name, "_seconds") || EndsWith(family.name, "_events"))
          << family.name;
    }
    for (const auto& metric : family.metric) {
      for (const auto& label : metric.label) {
        EXPECT_TRUE(known_labels.count(label.name)) << family.name << " " << label.name;
      }
    }
  }
  EXPECT_GT(names.size(), 40u);
}

// Names are promised to dashboards and alerts: one that goes is noticed here.
TEST_F(MetricsTest, AllThatIsPromisedIsThere) {
  const std::vector<std::string> promised = {"winnow_rpc_server_started_total",
                                             "winnow_rpc_server_handled_total",
                                             "winnow_rpc_server_handling_seconds",
                                             "winnow_rpc_server_streams",
                                             "winnow_rpc_server_messages_total",
                                             "winnow_admission_rejected_total",
                                             "winnow_queue_jobs",
                                             "winnow_queue_oldest_job_age_seconds",
                                             "winnow_queue_wait_seconds",
                                             "winnow_jobs_finished_total",
                                             "winnow_jobs_running",
                                             "winnow_job_stage_duration_seconds",
                                             "winnow_job_attempts_total",
                                             "winnow_training_samples_total",
                                             "winnow_training_steps_total",
                                             "winnow_kernel_seconds_total",
                                             "winnow_workers",
                                             "winnow_workers_busy",
                                             "winnow_worker_busy_seconds_total",
                                             "winnow_checkpoint_write_seconds",
                                             "winnow_checkpoint_bytes_total",
                                             "winnow_checkpoint_failures_total",
                                             "winnow_checkpoint_oldest_running_age_seconds",
                                             "winnow_watchers",
                                             "winnow_watch_events_sent_total",
                                             "winnow_watch_progress_dropped_total",
                                             "winnow_watch_lag_events",
                                             "winnow_watch_resumes_total",
                                             "winnow_watch_closed_total",
                                             "winnow_upload_bytes_total",
                                             "winnow_uploads_open",
                                             "winnow_upload_chunk_corrupt_total",
                                             "winnow_store_txn_seconds",
                                             "winnow_store_busy_total",
                                             "winnow_store_wal_bytes",
                                             "winnow_store_file_bytes",
                                             "winnow_disk_free_bytes",
                                             "winnow_disk_size_bytes",
                                             "winnow_build_info",
                                             "winnow_start_timestamp_seconds",
                                             "winnow_draining",
                                             "winnow_recovered_jobs_total",
                                             "process_resident_memory_bytes",
                                             "process_cpu_seconds_total",
                                             "process_open_fds"};
  Exercise(metrics_);
  std::set<std::string> names;
  for (const MetricFamily& family : Scrape()) {
    if (!family.metric.empty()) names.insert(family.name);
  }
  for (const std::string& name : promised) EXPECT_TRUE(names.count(name)) << name;
}

TEST_F(MetricsTest, UnknownStagesAndKernelsMakeNoSeries) {
  metrics_.OnStageEnded("random", "lunch", absl::Seconds(1));
  metrics_.OnKernel("popcorn", absl::Seconds(1));
  EXPECT_THAT(Text(), testing::Not(HasSubstr("lunch")));
  EXPECT_THAT(Text(), testing::Not(HasSubstr("popcorn")));
}

TEST_F(MetricsTest, SeriesDoNotGrowWithJobs) {
  Exercise(metrics_);
  const auto count = [this] {
    size_t series = 0;
    for (const MetricFamily& family : Scrape()) series += family.metric.size();
    return series;
  };
  const size_t before = count();
  for (int64_t i = 2; i < 1000; ++i) {
    metrics_.OnJobChanged(EndedJob(i, domain::JobState::kSucceeded));
  }
  EXPECT_EQ(count(), before);
}

TEST_F(MetricsTest, ValuesAreWhatHappened) {
  Exercise(metrics_);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("winnow_rpc_server_handled_total{code=\"OK\",method=\"GetJob\","
                              "service=\"winnow.v1.JobService\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_rpc_server_streams{method=\"WatchJob\","
                              "service=\"winnow.v1.JobService\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_training_samples_total{algorithm=\"random\"} 2560\n"));
  EXPECT_THAT(text, HasSubstr("winnow_queue_wait_seconds_count{priority=\"normal\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_job_attempts_total{reason=\"crash\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_job_attempts_total{reason=\"drain\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("winnow_job_stage_duration_seconds_sum{algorithm=\"random\","
                              "stage=\"train\"} 40\n"));
  EXPECT_THAT(text, HasSubstr("winnow_kernel_seconds_total{kernel=\"rows\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("winnow_checkpoint_bytes_total 1000\n"));
  EXPECT_THAT(text, HasSubstr("winnow_checkpoint_write_seconds_bucket{le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_checkpoint_failures_total 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_checkpoint_oldest_running_age_seconds 12\n"));
  EXPECT_THAT(text, HasSubstr("winnow_watch_progress_dropped_total 3\n"));
  EXPECT_THAT(text, HasSubstr("winnow_store_busy_total 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_worker_busy_seconds_total 1234\n"));
  EXPECT_THAT(text, HasSubstr("winnow_watchers 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_queue_jobs{priority=\"normal\"} 16\n"));
  EXPECT_THAT(text, HasSubstr("winnow_queue_oldest_job_age_seconds{priority=\"high\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("winnow_workers_busy 3\n"));
  EXPECT_THAT(text, HasSubstr("winnow_jobs{state=\"PENDING\"} 0\n"));
  EXPECT_THAT(
      text, HasSubstr("winnow_build_info{version=\"1.2.3\",commit=\"abc\",onednn=\"2.6.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("winnow_start_timestamp_seconds 1700000000\n"));
  metrics_.OnRpcHandled("winnow.v1.JobService", "WatchJob", "OK", true, absl::Seconds(3));
  EXPECT_THAT(Text(), HasSubstr("winnow_rpc_server_streams{method=\"WatchJob\","
                                "service=\"winnow.v1.JobService\"} 0\n"));
}

TEST_F(MetricsTest, NumericFaultsAreCountedAndOtherFailuresAreNot) {
  domain::Job job = EndedJob(11, domain::JobState::kFailed);
  job.error = domain::Error{};
  job.error->reason = domain::reason::kCrashLoop;
  metrics_.OnJobChanged(job);
  EXPECT_THAT(Text(), testing::Not(HasSubstr("winnow_numeric_faults_total{")));
  job.order = 12;
  job.error->reason = domain::reason::kNumericFault;
  metrics_.OnJobChanged(job);
  EXPECT_THAT(Text(), HasSubstr("winnow_numeric_faults_total{algorithm=\"" + job.config.selector +
                                "\"} 1\n"));
}

TEST_F(MetricsTest, AJobEndsOnceHoweverOftenItIsReported) {
  for (int i = 0; i < 3; ++i) {
    metrics_.OnJobChanged(EndedJob(7, domain::JobState::kCancelled));
  }
  metrics_.OnJobChanged(EndedJob(8, domain::JobState::kRunning));
  EXPECT_THAT(Text(),
              HasSubstr("winnow_jobs_finished_total{algorithm=\"random\",state=\"CANCELLED\"} "
                        "1\n"));
  EXPECT_THAT(Text(), testing::Not(HasSubstr("RUNNING\"} 1")));
}

TEST_F(MetricsTest, TheProcessIsThere) {
  std::map<std::string, double> values;
  for (const MetricFamily& family : CollectProcess()) {
    values[family.name] = family.metric[0].gauge.value + family.metric[0].counter.value;
  }
  EXPECT_GT(values["process_resident_memory_bytes"], 1e6);
  EXPECT_GT(values["process_open_fds"], 2);
  EXPECT_GE(values["process_threads"], 1);
  EXPECT_GT(values["process_max_fds"], values["process_open_fds"]);
  EXPECT_TRUE(values.count("process_cpu_seconds_total"));
}

}  // namespace
}  // namespace winnow::ops_http
