// What the HTTP side serves.
#ifndef WINNOW_SERVER_OPS_ROUTES_H_
#define WINNOW_SERVER_OPS_ROUTES_H_

#include <functional>
#include <string>

#include "prometheus/registry.h"
#include "server/ops/http_server.h"
#include "server/ops/state_collector.h"

namespace winnow::ops_http {

// "" when the server takes calls, else why not: "starting", "draining".
using Readiness = std::function<std::string()>;

// /metrics, /healthz (the process lives), /readyz (it takes calls), / (what there is). OWNERSHIP:
// registry and state must outlive the routes.
HttpRoutes MakeRoutes(const std::string& version, prometheus::Registry* registry,
                      const StateCollector* state, Readiness readiness);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_ROUTES_H_
