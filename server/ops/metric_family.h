// Metric families of one or few values, made at the moment of a scrape.
#ifndef WINNOW_SERVER_OPS_METRIC_FAMILY_H_
#define WINNOW_SERVER_OPS_METRIC_FAMILY_H_

#include <string>
#include <utility>
#include <vector>

#include "prometheus/metric_family.h"

namespace winnow::ops_http {

inline void AddSample(prometheus::MetricFamily* family,
                      std::vector<prometheus::ClientMetric::Label> labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

inline prometheus::MetricFamily MakeFamily(const char* name, const char* help,
                                           prometheus::MetricType type) {
  return {name, help, type, {}};
}

inline prometheus::MetricFamily Gauge(const char* name, const char* help, double value) {
  prometheus::MetricFamily family = MakeFamily(name, help, prometheus::MetricType::Gauge);
  AddSample(&family, {}, value);
  return family;
}

inline prometheus::MetricFamily Counter(const char* name, const char* help, double value) {
  prometheus::MetricFamily family = MakeFamily(name, help, prometheus::MetricType::Counter);
  AddSample(&family, {}, value);
  return family;
}

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_METRIC_FAMILY_H_
