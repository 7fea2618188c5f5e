// Tells telemetry of every call, whatever service it is for.
#ifndef WINNOW_SERVER_RPC_RPC_OBSERVER_H_
#define WINNOW_SERVER_RPC_RPC_OBSERVER_H_

#include <memory>

#include "grpcpp/support/server_interceptor.h"
#include "server/base/clock.h"
#include "server/base/telemetry.h"

namespace winnow::rpc {

// For ServerBuilder::experimental().SetInterceptorCreators. OWNERSHIP: both must outlive the
// server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcObserver(
    const server::Clock* clock, server::Telemetry* telemetry);

// "NOT_FOUND" for 5, "CODE_99" for what gRPC does not have.
std::string CodeName(int code);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_RPC_OBSERVER_H_
