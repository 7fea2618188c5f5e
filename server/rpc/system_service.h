// winnow.v1.SystemService: what this server is and can do.
#ifndef WINNOW_SERVER_RPC_SYSTEM_SERVICE_H_
#define WINNOW_SERVER_RPC_SYSTEM_SERVICE_H_

#include <string>

#include "server/domain/quota.h"
#include "server/rpc/deps.h"
#include "winnow/v1/system.grpc.pb.h"

namespace winnow::rpc {

struct SystemFacts {
  std::string version;
  std::string instruction_set;  // of the workers
  domain::ServerQuota server_quota;
};

class SystemServiceImpl final : public v1::SystemService::CallbackService {
 public:
  // OWNERSHIP: `deps` must outlive the service.
  SystemServiceImpl(const Deps* deps, SystemFacts facts) : deps_(*deps), facts_(std::move(facts)) {}

  grpc::ServerUnaryReactor* GetCapabilities(grpc::CallbackServerContext* context,
                                            const v1::GetCapabilitiesRequest* request,
                                            v1::Capabilities* response) override;

 private:
  const Deps& deps_;
  const SystemFacts facts_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_SYSTEM_SERVICE_H_
