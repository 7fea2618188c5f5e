#include "server/ops/routes.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prometheus/text_serializer.h"

namespace winnow::ops_http {
namespace {

// The version of the text format that Prometheus' servers ask for.
constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kTextType[] = "text/plain; charset=utf-8";

HttpAnswer ServeMetrics(const prometheus::Registry& registry, const StateCollector& state) {
  std::vector<prometheus::MetricFamily> families = registry.Collect();
  std::vector<prometheus::MetricFamily> now = state.Collect();
  families.insert(families.end(), std::make_move_iterator(now.begin()),
                  std::make_move_iterator(now.end()));
  return {200, kMetricsType, prometheus::TextSerializer().Serialize(families)};
}

}  // namespace

HttpRoutes MakeRoutes(const std::string& version, prometheus::Registry* registry,
                      const StateCollector* state, Readiness readiness) {
  HttpRoutes routes;
  routes["/metrics"] = [registry, state] { return ServeMetrics(*registry, *state); };
  routes["/healthz"] = [] { return HttpAnswer{200, kTextType, "ok\n"}; };
  routes["/readyz"] = [readiness = std::move(readiness)] {
    const std::string why_not = readiness();
    if (why_not.empty()) return HttpAnswer{200, kTextType, "ready\n"};
    return HttpAnswer{503, kTextType, why_not + "\n"};
  };
  routes["/"] = [version] {
    return HttpAnswer{200, kTextType,
                      absl::StrCat("winnowd ", version, "\n\n/metrics\n/healthz\n/readyz\n")};
  };
  return routes;
}

}  // namespace winnow::ops_http
