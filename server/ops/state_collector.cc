#include "server/ops/state_collector.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "server/domain/job_state.h"
#include "server/ops/metric_family.h"

namespace winnow::ops_http {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

void CollectLoad(const sched::SchedulerLoad& load, Families* families) {
  prometheus::MetricFamily waiting =
      MakeFamily("winnow_queue_jobs", "Jobs that wait for slots.", prometheus::MetricType::Gauge);
  prometheus::MetricFamily oldest = MakeFamily(
      "winnow_queue_oldest_job_age_seconds", "Age of the oldest job that waits; 0 when none does.",
      prometheus::MetricType::Gauge);
  for (size_t i = 0; i < load.queues.size(); ++i) {
    const char* priority = sched::kPriorityClasses[i];
    AddSample(&waiting, {{"priority", priority}}, static_cast<double>(load.queues[i].jobs));
    AddSample(&oldest, {{"priority", priority}}, absl::ToDoubleSeconds(load.queues[i].oldest_age));
  }
  families->push_back(std::move(waiting));
  families->push_back(std::move(oldest));
  families->push_back(Gauge("winnow_queue_imports", "Imports and inferences that wait.",
                            static_cast<double>(load.queued_imports)));
  families->push_back(Gauge("winnow_jobs_running", "Jobs whose attempt runs.",
                            static_cast<double>(load.running_jobs)));
  families->push_back(Gauge("winnow_workers", "Worker slots of jobs.", load.job_slots));
  families->push_back(
      Gauge("winnow_workers_busy", "Worker slots that jobs hold.", load.busy_job_slots));
  families->push_back(Counter("winnow_worker_busy_seconds_total",
                              "Time that jobs held worker slots, each slot on its own.",
                              absl::ToDoubleSeconds(load.busy_slot_time)));
  families->push_back(Gauge("winnow_checkpoint_oldest_running_age_seconds",
                            "Time since the last checkpoint, or the start, of the running job that "
                            "has gone longest without one; 0 when none runs.",
                            absl::ToDoubleSeconds(load.oldest_checkpoint_age)));
  families->push_back(Gauge("winnow_import_workers_busy",
                            "Worker slots that imports and inferences hold.",
                            load.busy_import_slots));
  families->push_back(
      Gauge("winnow_draining", "1 while the server shuts down.", load.draining ? 1 : 0));
}

void CollectJobs(const StateCollector::Sources& sources, Families* families) {
  const auto counts = sources.store->CountJobs("");
  if (!counts.ok()) return;
  prometheus::MetricFamily jobs = MakeFamily("winnow_jobs", "Jobs that the store has, by state.",
                                             prometheus::MetricType::Gauge);
  for (const domain::JobState state : domain::kJobStates) {
    const auto found = counts->find(state);
    const int64_t count = found == counts->end() ? 0 : found->second;
    AddSample(&jobs, {{"state", domain::JobStateName(state)}}, static_cast<double>(count));
  }
  families->push_back(std::move(jobs));
}

void CollectStore(const StateCollector::Sources& sources, Families* families) {
  const auto sizes = sources.store->Sizes();
  if (sizes.ok()) {
    families->push_back(Gauge("winnow_store_file_bytes", "Size of the store's database file.",
                              static_cast<double>(sizes->file_bytes)));
    families->push_back(Gauge("winnow_store_wal_bytes", "Size of the store's write-ahead log.",
                              static_cast<double>(sizes->wal_bytes)));
  }
  const auto free = sources.files->FreeBytes(sources.data_dir);
  if (free.ok()) {
    families->push_back(Gauge("winnow_disk_free_bytes", "Free space on the volume of data_dir.",
                              static_cast<double>(*free)));
  }
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(sources.data_dir, error);
  if (!error) {
    families->push_back(Gauge("winnow_disk_size_bytes", "Size of the volume of data_dir.",
                              static_cast<double>(space.capacity)));
  }
}

}  // namespace

StateCollector::StateCollector(Sources sources)
    : sources_(std::move(sources)), start_(sources_.clock->Now()) {}

Families StateCollector::Collect() const {
  Families families;
  CollectLoad(sources_.scheduler->Load(), &families);
  CollectJobs(sources_, &families);
  CollectStore(sources_, &families);
  prometheus::MetricFamily build = MakeFamily("winnow_build_info", "1; the labels tell the build.",
                                              prometheus::MetricType::Gauge);
  std::vector<prometheus::ClientMetric::Label> labels;
  for (const auto& [name, value] : sources_.build) labels.push_back({name, value});
  AddSample(&build, std::move(labels), 1);
  families.push_back(std::move(build));
  families.push_back(Gauge("winnow_start_timestamp_seconds", "When the server started.",
                           absl::ToDoubleSeconds(start_ - absl::UnixEpoch())));
  for (prometheus::MetricFamily& family : CollectProcess()) families.push_back(std::move(family));
  return families;
}

}  // namespace winnow::ops_http
