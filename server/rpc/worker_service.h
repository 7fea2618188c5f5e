// winnow.internal.v1.WorkerService, served to the worker processes on a private socket.
#ifndef WINNOW_SERVER_RPC_WORKER_SERVICE_H_
#define WINNOW_SERVER_RPC_WORKER_SERVICE_H_

#include <utility>

#include "server/rpc/deps.h"
#include "server/rpc/worker_registry.h"
#include "server/rpc/worker_session.h"
#include "server/rpc/worker_stream.h"
#include "winnow/internal/v1/worker.grpc.pb.h"

namespace winnow::rpc {

class WorkerServiceImpl final : public internal::v1::WorkerService::CallbackService {
 public:
  // OWNERSHIP: all must outlive the service.
  WorkerServiceImpl(const Deps* deps, WorkerFacts facts, WorkerRegistry* registry)
      : deps_(*deps), facts_(std::move(facts)), registry_(*registry) {}

  grpc::ServerBidiReactor<internal::v1::AttachRequest, internal::v1::AttachResponse>* Attach(
      grpc::CallbackServerContext* /*context*/) override {
    return WorkerStream::Start(&deps_, &facts_, &registry_);
  }

 private:
  const Deps& deps_;
  const WorkerFacts facts_;
  WorkerRegistry& registry_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WORKER_SERVICE_H_
