// One InferSchema call: a worker process reads the files while the call waits without a thread.
#ifndef WINNOW_SERVER_RPC_INFER_CALL_H_
#define WINNOW_SERVER_RPC_INFER_CALL_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/domain/names.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/local_files.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::rpc {

// Lives until the call is done and no callback of the scheduler is left.
class InferCall final : public grpc::ServerUnaryReactor,
                        public std::enable_shared_from_this<InferCall> {
 public:
  static grpc::ServerUnaryReactor* Start(const Deps& deps, const AllowedRoots& roots,
                                         const Caller& caller, grpc::CallbackServerContext* context,
                                         const v1::InferSchemaRequest* request,
                                         v1::InferSchemaResponse* response);

  InferCall(const Deps& deps, const AllowedRoots& roots, Caller caller,
            grpc::CallbackServerContext* context, const v1::InferSchemaRequest* request,
            v1::InferSchemaResponse* response);

  void OnCancel() override;
  void OnDone() override;

 private:
  // True: the answer is there. False: it comes through OnResult.
  absl::StatusOr<bool> Run();
  absl::Status AnswerFromDataset();
  absl::Status StartWorker();
  void OnResult(const absl::StatusOr<std::string>& result);
  void Close(const absl::Status& status);

  const Deps& deps_;
  const AllowedRoots& roots_;
  const Caller caller_;
  grpc::CallbackServerContext* const context_;
  const v1::InferSchemaRequest* const request_;
  v1::InferSchemaResponse* const response_;
  std::shared_ptr<InferCall> self_;  // until OnDone

  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<domain::AttemptId> attempt_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_INFER_CALL_H_
