// How every unary method runs: hops off the callback thread, and answers once.
#ifndef WINNOW_SERVER_RPC_UNARY_H_
#define WINNOW_SERVER_RPC_UNARY_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/deps.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {

enum class Needs {
  kOpen,       // reads or acts on what exists
  kAccepting,  // brings new work: refused while the server drains
};

// Runs `handler` on deps.requests unless the caller is gone by then, and finishes the call with its
// status. The handler may use the request, the response and `context` until it returns.
grpc::ServerUnaryReactor* RunUnary(const Deps& deps, grpc::CallbackServerContext* context,
                                   Needs needs, std::function<absl::Status()> handler);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_UNARY_H_
