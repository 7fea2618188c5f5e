// winnow.v1.ArtifactService over the store and the files of jobs.
#ifndef WINNOW_SERVER_RPC_ARTIFACT_SERVICE_H_
#define WINNOW_SERVER_RPC_ARTIFACT_SERVICE_H_

#include "server/rpc/deps.h"
#include "winnow/v1/artifact.grpc.pb.h"

namespace winnow::rpc {

class ArtifactServiceImpl final : public v1::ArtifactService::CallbackService {
 public:
  // OWNERSHIP: `deps` must outlive the service.
  explicit ArtifactServiceImpl(const Deps* deps) : deps_(*deps) {}

  grpc::ServerUnaryReactor* GetArtifact(grpc::CallbackServerContext* context,
                                        const v1::GetArtifactRequest* request,
                                        v1::Artifact* response) override;
  grpc::ServerUnaryReactor* ListArtifacts(grpc::CallbackServerContext* context,
                                          const v1::ListArtifactsRequest* request,
                                          v1::ListArtifactsResponse* response) override;
  grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* DownloadArtifact(
      grpc::CallbackServerContext* context, const v1::DownloadArtifactRequest* request) override;

 private:
  const Deps& deps_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_ARTIFACT_SERVICE_H_
