#include "server/rpc/grpc_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "server/base/status.h"
#include "server/rpc/contract.h"
#include "server/rpc/rpc_observer.h"

namespace winnow::rpc {
namespace {

constexpr int kSecondMs = 1000;

// A process builds both servers with the same plugins; gRPC keeps them in globals.
void InstallPlugins() {
  static const bool installed = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(installed);
}

// Two servers on one port would share its connections at random.
void ForbidSharedPort(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

void SetLimits(const Limits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.max_receive_message_bytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams);
  // Finds dead watchers; gRPC's default is two hours.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 120 * kSecondMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * kSecondMs);
  // Clients may ping once a minute while nothing is sent; gRPC's default of five minutes would cut
  // them off.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30 * kSecondMs);
}

absl::Status CannotListen(const server::Endpoint& endpoint) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", endpoint.ToString(), ": gRPC refused the address"));
}

}  // namespace

absl::StatusOr<StartedServer> StartPublicServer(const PublicServerOptions& options,
                                                const std::vector<grpc::Service*>& services) {
  RETURN_IF_ERROR(server::CheckFree(options.endpoint));
  InstallPlugins();
  grpc::ServerBuilder builder;
  ForbidSharedPort(builder);
  SetLimits(options.limits, builder);
  int port = 0;
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials,
                   MakeServerCredentials(options.tls));
  builder.AddListeningPort(options.endpoint.ToString(), credentials, &port);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> observers;
  observers.push_back(MakeRpcObserver(options.clock, options.telemetry));
  builder.experimental().SetInterceptorCreators(std::move(observers));
  for (grpc::Service* service : services) builder.RegisterService(service);
  StartedServer started;
  started.server = builder.BuildAndStart();
  if (started.server == nullptr || port == 0) return CannotListen(options.endpoint);
  SetServing(*started.server, false);
  server::Endpoint bound = options.endpoint;
  if (!bound.is_unix()) bound.port = static_cast<uint16_t>(port);
  started.address = bound.ToString();
  return started;
}

absl::StatusOr<std::unique_ptr<grpc::Server>> StartWorkerServer(const std::string& socket_path,
                                                                grpc::Service* service) {
  server::Endpoint endpoint;
  endpoint.path = socket_path;
  RETURN_IF_ERROR(server::CheckFree(endpoint));
  InstallPlugins();
  grpc::ServerBuilder builder;
  ForbidSharedPort(builder);
  // Profiles of wide tables are large, and workers are ours.
  builder.SetMaxReceiveMessageSize(-1);
  int port = 0;
  builder.AddListeningPort(endpoint.ToString(), grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return CannotListen(endpoint);
  return server;
}

void SetServing(grpc::Server& server, bool serving) {
  grpc::HealthCheckServiceInterface* health = server.GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus("", serving);
  for (const std::string& name : ContractServices()) health->SetServingStatus(name, serving);
}

}  // namespace winnow::rpc
