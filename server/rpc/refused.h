// A stream that ends before it begins.
#ifndef WINNOW_SERVER_RPC_REFUSED_H_
#define WINNOW_SERVER_RPC_REFUSED_H_

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/deps.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {

// `Reactor`: a ServerReadReactor or ServerWriteReactor. Deletes itself when done.
template <typename Reactor>
class Refused final : public Reactor {
 public:
  explicit Refused(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

template <typename Reactor>
Reactor* Refuse(const Deps& deps, grpc::ServerContextBase& context, const absl::Status& status) {
  return new Refused<Reactor>(Answer(context, *deps.telemetry, status));
}

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_REFUSED_H_
