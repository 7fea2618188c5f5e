// One UploadDataset call: frames in, one answer out.
#ifndef WINNOW_SERVER_RPC_UPLOAD_STREAM_H_
#define WINNOW_SERVER_RPC_UPLOAD_STREAM_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/upload.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::rpc {

// Reads one frame, handles it on deps.bulk, then reads the next. Deletes itself when done.
class UploadStream final : public grpc::ServerReadReactor<v1::UploadDatasetRequest> {
 public:
  UploadStream(const Deps& deps, UploadLocks& locks, Caller caller,
               grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response);
  ~UploadStream() override;

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  // True: read on.
  absl::StatusOr<bool> HandleFrame();
  absl::Status OpenUpload();
  void HandleEnd();
  void Close(const absl::Status& status);

  const Deps& deps_;
  UploadLocks& locks_;
  const Caller caller_;
  grpc::CallbackServerContext* const context_;
  v1::UploadDatasetResponse* const response_;
  v1::UploadDatasetRequest frame_;
  std::unique_ptr<Upload> upload_;  // after the first frame
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_UPLOAD_STREAM_H_
