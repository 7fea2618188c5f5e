// How every unary method runs: hops off the callback thread, and answers once.
#ifndef WINNOW_SERVER_RPC_UNARY_H_
#define WINNOW_SERVER_RPC_UNARY_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/access.h"
#include "server/rpc/deps.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {

// Admits the call, then runs `handler` on deps.requests unless the caller is gone by then, and
// finishes the call with its status. The handler may use the request, the response and `context`
// until it returns.
grpc::ServerUnaryReactor* RunUnary(const Deps& deps, grpc::CallbackServerContext* context,
                                   const Method& method,
                                   std::function<absl::Status(const Caller&)> handler);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_UNARY_H_
