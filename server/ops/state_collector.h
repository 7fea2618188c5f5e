// What is true at the moment of a scrape: queue, workers, jobs, store, disk, the process itself.
#ifndef WINNOW_SERVER_OPS_STATE_COLLECTOR_H_
#define WINNOW_SERVER_OPS_STATE_COLLECTOR_H_

#include <string>
#include <utility>
#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "server/base/clock.h"
#include "server/base/file_system.h"
#include "server/sched/scheduler.h"
#include "server/store/store.h"

namespace winnow::ops_http {

// OWNERSHIP: all pointers must outlive the collector. What cannot be read is left out of a scrape.
class StateCollector final : public prometheus::Collectable {
 public:
  struct Sources {
    const server::Clock* clock = nullptr;
    server::FileSystem* files = nullptr;
    store::Store* store = nullptr;
    sched::Scheduler* scheduler = nullptr;
    std::string data_dir;
    // Labels of winnow_build_info, and their values.
    std::vector<std::pair<std::string, std::string>> build;
  };

  explicit StateCollector(Sources sources);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Sources sources_;
  const absl::Time start_;
};

// process_cpu_seconds_total and its kin, from /proc/self.
std::vector<prometheus::MetricFamily> CollectProcess();

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_STATE_COLLECTOR_H_
