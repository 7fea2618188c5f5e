// One UploadDataset call: frames in, one answer out.
#ifndef WINNOW_SERVER_RPC_UPLOAD_STREAM_H_
#define WINNOW_SERVER_RPC_UPLOAD_STREAM_H_

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/standing.h"
#include "server/rpc/stream_ticks.h"
#include "server/rpc/upload.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::rpc {

// Reads one frame, handles it on deps.bulk, then reads the next. A client that says nothing is not
// waited for when the server drains or no longer lets it in. Deletes itself when done.
class UploadStream final : public grpc::ServerReadReactor<v1::UploadDatasetRequest> {
 public:
  UploadStream(const Deps& deps, UploadLocks& locks, StreamTicks& ticks, Caller caller,
               grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response);
  ~UploadStream() override;

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  void ReadNext();
  void Tick();
  // Whether the call may go on.
  absl::Status Check() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // True: read on.
  absl::StatusOr<bool> HandleFrame();
  absl::Status OpenUpload();
  void HandleEnd();
  void Close(const absl::Status& status);

  const Deps& deps_;
  UploadLocks& locks_;
  StreamTicks& ticks_;
  const Caller caller_;
  grpc::CallbackServerContext* const context_;
  v1::UploadDatasetResponse* const response_;
  v1::UploadDatasetRequest frame_;
  std::unique_ptr<Upload> upload_;  // after the first frame
  int64_t tick_ = 0;

  absl::Mutex mutex_;
  Standing standing_ ABSL_GUARDED_BY(mutex_);
  // Whose turn it is: a read is on its way, and whoever sets this to false goes on.
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_UPLOAD_STREAM_H_
