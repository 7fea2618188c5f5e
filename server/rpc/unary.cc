#include "server/rpc/unary.h"

#include <chrono>

namespace winnow::rpc {
namespace {

// Never start work for a caller who no longer waits.
grpc::Status CheckCaller(const grpc::CallbackServerContext& context) {
  if (context.IsCancelled()) return grpc::Status::CANCELLED;
  if (context.deadline() < std::chrono::system_clock::now()) {
    return {grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed before the call was served"};
  }
  return grpc::Status::OK;
}

}  // namespace

grpc::ServerUnaryReactor* RunUnary(const Deps& deps, grpc::CallbackServerContext* context,
                                   Needs needs, std::function<absl::Status()> handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  deps.requests->Schedule([&deps, context, needs, reactor, handler = std::move(handler)] {
    grpc::Status answer = CheckCaller(*context);
    if (answer.ok()) {
      absl::Status status =
          needs == Needs::kOpen ? deps.gate->CheckOpen() : deps.gate->CheckAccepting();
      if (status.ok()) status = handler();
      answer = Answer(*context, *deps.telemetry, status);
    }
    reactor->Finish(answer);
  });
  return reactor;
}

}  // namespace winnow::rpc
