// The families of what is counted, with names, help and buckets, in one place.
#ifndef WINNOW_SERVER_OPS_METRIC_REGISTRY_H_
#define WINNOW_SERVER_OPS_METRIC_REGISTRY_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace winnow::ops_http {

// Buckets of histograms, seconds or events.
using Buckets = prometheus::Histogram::BucketBoundaries;
const Buckets& CallSeconds();         // 1 ms to 60 s
const Buckets& TransactionSeconds();  // 0.1 ms to 5 s
const Buckets& WaitSeconds();         // 10 ms to 6 h
const Buckets& StageSeconds();        // 1 ms to 10^5 s
const Buckets& CheckpointSeconds();   // 1 ms to 60 s
const Buckets& LagEvents();

struct MetricRegistry {
  using Counters = prometheus::Family<prometheus::Counter>;
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  // Series whose labels are known beforehand exist from the start, at 0.
  MetricRegistry();

  prometheus::Registry registry;

  Counters& rpc_started;
  Counters& rpc_handled;
  Histograms& rpc_seconds;
  Gauges& rpc_streams;
  Counters& rpc_messages;

  Counters& rejected;
  Histograms& queue_wait;
  Counters& finished;
  Counters& attempts;
  Histograms& stage_seconds;

  Counters& numeric_faults;
  Counters& samples;
  Counters& steps;
  Counters& kernel_seconds;

  prometheus::Histogram& checkpoint_seconds;
  prometheus::Counter& checkpoint_bytes;
  prometheus::Counter& checkpoint_failures;

  prometheus::Gauge& watchers;
  prometheus::Counter& watch_events;
  prometheus::Counter& watch_dropped;
  prometheus::Counter& watch_resumes;
  Counters& watch_closed;
  prometheus::Histogram& watch_lag;

  prometheus::Gauge& uploads;
  prometheus::Counter& upload_bytes;
  prometheus::Counter& upload_corrupt;

  Histograms& store_seconds;
  prometheus::Counter& store_busy;
  prometheus::Counter& recovered;
};

// Whether a stage or a kernel is one of those that have series.
bool IsKnownStage(const std::string& stage);
bool IsKnownKernel(const std::string& kernel);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_METRIC_REGISTRY_H_
