// The two gRPC servers of a process: the public one, and the one that workers call.
#ifndef WINNOW_SERVER_RPC_GRPC_SERVER_H_
#define WINNOW_SERVER_RPC_GRPC_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "grpcpp/server.h"
#include "server/base/clock.h"
#include "server/base/endpoint.h"
#include "server/base/telemetry.h"
#include "server/rpc/limits.h"
#include "server/rpc/tls.h"

namespace winnow::rpc {

struct PublicServerOptions {
  server::Endpoint endpoint;
  Limits limits;
  const server::Clock* clock = nullptr;
  server::Telemetry* telemetry = nullptr;
  TlsFiles tls;
};

struct StartedServer {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // with the port that was taken where port 0 was asked for
};

// Serves `services`, health (NOT_SERVING at first) and reflection, the last two to everybody who
// connects. FAILED_PRECONDITION when somebody else listens there; errors of MakeServerCredentials.
// OWNERSHIP: services, clock and telemetry must outlive the server.
absl::StatusOr<StartedServer> StartPublicServer(const PublicServerOptions& options,
                                                const std::vector<grpc::Service*>& services);

// Serves workers on a Unix socket whose folder nobody else may enter.
absl::StatusOr<std::unique_ptr<grpc::Server>> StartWorkerServer(const std::string& socket_path,
                                                                grpc::Service* service);

// What grpc.health.v1.Health says of the server and of each of its services.
void SetServing(grpc::Server& server, bool serving);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_GRPC_SERVER_H_
