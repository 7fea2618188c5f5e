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
                                   const Method& method,
                                   std::function<absl::Status(const Caller&)> handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Caller> caller = Admit(deps, *context, method);
  if (!caller.ok()) {
    reactor->Finish(Answer(*context, *deps.telemetry, caller.status()));
    return reactor;
  }
  deps.requests->Schedule([&deps, context, needs = method.needs, reactor,
                           caller = *std::move(caller), handler = std::move(handler)] {
    grpc::Status answer = CheckCaller(*context);
    if (answer.ok()) {
      absl::Status status =
          needs == Needs::kOpen ? deps.gate->CheckOpen() : deps.gate->CheckAccepting();
      if (status.ok()) status = handler(caller);
      answer = Answer(*context, *deps.telemetry, status);
    }
    reactor->Finish(answer);
  });
  return reactor;
}

}  // namespace winnow::rpc
