// winnow.v1.DatasetService over the scheduler and the store.
#ifndef WINNOW_SERVER_RPC_DATASET_SERVICE_H_
#define WINNOW_SERVER_RPC_DATASET_SERVICE_H_

#include "server/rpc/deps.h"
#include "server/rpc/local_files.h"
#include "server/rpc/stream_ticks.h"
#include "server/rpc/upload.h"
#include "winnow/v1/dataset.grpc.pb.h"

namespace winnow::rpc {

class DatasetServiceImpl final : public v1::DatasetService::CallbackService {
 public:
  // OWNERSHIP: both must outlive the service.
  DatasetServiceImpl(const Deps* deps, const AllowedRoots* roots) : deps_(*deps), roots_(*roots) {}

  grpc::ServerUnaryReactor* CreateDataset(grpc::CallbackServerContext* context,
                                          const v1::CreateDatasetRequest* request,
                                          v1::Dataset* response) override;
  grpc::ServerUnaryReactor* GetDataset(grpc::CallbackServerContext* context,
                                       const v1::GetDatasetRequest* request,
                                       v1::Dataset* response) override;
  grpc::ServerUnaryReactor* ListDatasets(grpc::CallbackServerContext* context,
                                         const v1::ListDatasetsRequest* request,
                                         v1::ListDatasetsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteDataset(grpc::CallbackServerContext* context,
                                          const v1::DeleteDatasetRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadDataset(
      grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) override;
  grpc::ServerUnaryReactor* InferSchema(grpc::CallbackServerContext* context,
                                        const v1::InferSchemaRequest* request,
                                        v1::InferSchemaResponse* response) override;

 private:
  const Deps& deps_;
  const AllowedRoots& roots_;
  UploadLocks uploads_;
  StreamTicks ticks_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_DATASET_SERVICE_H_
