// A job as the service keeps it.
#ifndef WINNOW_SERVER_DOMAIN_JOB_H_
#define WINNOW_SERVER_DOMAIN_JOB_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/error.h"
#include "server/domain/job_state.h"
#include "server/domain/names.h"

namespace winnow::domain {

// What CreateJob fixes for good: defaults resolved, the Plan frozen.
struct JobConfig {
  std::string spec;          // serialized resolved JobSpec; opaque here
  std::string plan;          // frozen plan facts (JSON or proto bytes); opaque here
  int32_t plan_version = 0;  // a checkpoint of another version restarts from zero
  std::string task;          // "feature_selection" …; shown and filtered on
  std::string selector;      // "sequential_attention" …; shown and filtered on
  std::string dataset;       // id in the same tenant
  std::string dataset_sha256;
  std::string parent_job;  // id of the job in the same tenant that it starts from; empty: none
  std::map<std::string, std::string> labels;
  int32_t priority = 0;               // larger runs earlier inside its tenant
  int32_t threads = 1;                // slots it takes
  int64_t memory_limit_bytes = 0;     // of the worker's heap; 0 = the server's default
  int64_t memory_estimate_bytes = 0;  // the Plan's; for admission
  absl::Duration wall_clock_limit = absl::InfiniteDuration();  // of running time over all attempts
};

struct Job {
  JobName name;
  JobConfig config;
  JobState state = JobState::kPending;
  bool stop_requested = false;                // durable: the next attempt is told again
  bool pause_requested = false;               // durable: the yield of this attempt ends in PAUSED
  bool stopped_early = false;                 // SUCCEEDED by way of stop
  int32_t attempt = 0;                        // starts so far
  int32_t crashes = 0;                        // since the last new checkpoint
  absl::Duration ran = absl::ZeroDuration();  // running time of the attempts that have ended
  std::optional<Error> error;                 // FAILED or CANCELLED
  int64_t last_sequence = 0;                  // head of the event log
  int64_t last_ordinal = 0;                   // of the workers' deterministic events in it
  int64_t revision = 1;                       // grows with every change of the row; the etag
  int64_t order = 0;                          // place in creation order, unique over the store
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> start_time;  // first RUNNING
  std::optional<absl::Time> end_time;    // terminal
};

// A file that a finished attempt left and the server vouches for.
struct Artifact {
  std::string id;    // "selection.json"
  std::string path;  // relative to the job's folder: "attempt-2/selection.json"
  int64_t size_bytes = 0;
  std::string sha256;
  absl::Time create_time;
};

// A checkpoint that a resumed attempt may start from.
struct Checkpoint {
  std::string path;     // relative to the job's folder
  int64_t ordinal = 0;  // events up to this ordinal are in it
  int64_t step = 0;
  int64_t size_bytes = 0;
  std::string sha256;
  int32_t plan_version = 0;
  int32_t attempt = 0;
  absl::Time create_time;
};

// How a worker process ended, as the launcher saw it.
struct ExitInfo {
  int exit_code = 0;              // meaningful when signal == 0
  int signal = 0;                 // that ended it; 0 = it exited by itself
  bool hit_memory_limit = false;  // killed for RssAnon, or said so
  int64_t peak_rss_bytes = 0;
  std::string ToString() const;  // "exit code 3", "signal 9", "memory limit (peak 2.1 GB)"
};

struct Attempt {
  int32_t number = 0;
  absl::Time start_time;
  std::optional<absl::Time> end_time;
  std::string outcome;           // AttemptOutcomeName, or empty while it runs
  std::optional<ExitInfo> exit;  // once the process is reaped
};

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_JOB_H_
