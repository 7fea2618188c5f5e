// One DownloadArtifact call: the bytes of a file from an offset to its present end.
#ifndef WINNOW_SERVER_RPC_DOWNLOAD_STREAM_H_
#define WINNOW_SERVER_RPC_DOWNLOAD_STREAM_H_

#include <memory>

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/base/file_system.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/standing.h"
#include "winnow/v1/artifact.pb.h"

namespace winnow::rpc {

// Reads one frame on deps.bulk, writes it, then reads the next, as long as the caller is let in.
// Deletes itself when done.
class DownloadStream final : public grpc::ServerWriteReactor<v1::DownloadArtifactResponse> {
 public:
  // `request` lives as long as the call.
  DownloadStream(const Deps& deps, Caller caller, grpc::CallbackServerContext* context,
                 const v1::DownloadArtifactRequest* request);

  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  absl::Status Open();
  void Next();
  void Close(const absl::Status& status);

  const Deps& deps_;
  const Caller caller_;
  grpc::CallbackServerContext* const context_;
  const v1::DownloadArtifactRequest* const request_;
  Standing standing_;
  std::unique_ptr<server::ReadableFile> file_;
  v1::DownloadArtifactResponse frame_;
  int64_t offset_ = 0;
  int64_t end_ = 0;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_DOWNLOAD_STREAM_H_
