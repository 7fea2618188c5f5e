#include "server/rpc/dataset_service.h"

#include <utility>

#include "server/base/status.h"
#include "server/domain/filter.h"
#include "server/rpc/caller.h"
#include "server/rpc/convert.h"
#include "server/rpc/create_dataset.h"
#include "server/rpc/infer_call.h"
#include "server/rpc/refused.h"
#include "server/rpc/unary.h"
#include "server/rpc/upload_stream.h"

namespace winnow::rpc {

grpc::ServerUnaryReactor* DatasetServiceImpl::CreateDataset(grpc::CallbackServerContext* context,
                                                            const v1::CreateDatasetRequest* request,
                                                            v1::Dataset* response) {
  return RunUnary(deps_, context, method::kCreateDataset,
                  [this, context, request, response](const Caller& caller) -> absl::Status {
                    ASSIGN_OR_RETURN(CreateDatasetAnswer answer,
                                     rpc::CreateDataset(deps_, roots_, caller, *request));
                    if (answer.replayed) context->AddInitialMetadata("winnow-replayed", "1");
                    *response = std::move(answer.dataset);
                    return absl::OkStatus();
                  });
}

grpc::ServerUnaryReactor* DatasetServiceImpl::GetDataset(grpc::CallbackServerContext* context,
                                                         const v1::GetDatasetRequest* request,
                                                         v1::Dataset* response) {
  return RunUnary(
      deps_, context, method::kGetDataset,
      [this, request, response](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const domain::DatasetName name, ResolveDataset(caller, request->name()));
        ASSIGN_OR_RETURN(const domain::Dataset dataset, deps_.store->GetDataset(name));
        ASSIGN_OR_RETURN(*response,
                         DatasetToProto(dataset, View::kFull, deps_.progress->Import(name)));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* DatasetServiceImpl::ListDatasets(grpc::CallbackServerContext* context,
                                                           const v1::ListDatasetsRequest* request,
                                                           v1::ListDatasetsResponse* response) {
  return RunUnary(
      deps_, context, method::kListDatasets,
      [this, request, response](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const std::string tenant, ResolveParent(caller, request->parent()));
        ASSIGN_OR_RETURN(const domain::Filter filter,
                         domain::ParseFilter(request->filter(), domain::FilterTarget::kDatasets));
        ASSIGN_OR_RETURN(const store::Page<domain::Dataset> page,
                         deps_.store->ListDatasets(tenant, filter,
                                                   {request->page_size(), request->page_token()}));
        for (const domain::Dataset& dataset : page.items) {
          ASSIGN_OR_RETURN(
              *response->add_datasets(),
              DatasetToProto(dataset, View::kBasic, deps_.progress->Import(dataset.name)));
        }
        response->set_next_page_token(page.next_page_token);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* DatasetServiceImpl::DeleteDataset(grpc::CallbackServerContext* context,
                                                            const v1::DeleteDatasetRequest* request,
                                                            google::protobuf::Empty* /*response*/) {
  return RunUnary(
      deps_, context, method::kDeleteDataset,
      [this, request](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const domain::DatasetName name, ResolveDataset(caller, request->name()));
        if (!request->etag().empty()) {
          ASSIGN_OR_RETURN(const domain::Dataset dataset, deps_.store->GetDataset(name));
          RETURN_IF_ERROR(CheckEtag(request->etag(), dataset.revision, name.ToString()));
        }
        return deps_.scheduler->DeleteDataset(name);
      });
}

grpc::ServerReadReactor<v1::UploadDatasetRequest>* DatasetServiceImpl::UploadDataset(
    grpc::CallbackServerContext* context, v1::UploadDatasetResponse* response) {
  absl::StatusOr<Caller> caller = Admit(deps_, *context, method::kUploadDataset);
  if (!caller.ok()) {
    return Refuse<grpc::ServerReadReactor<v1::UploadDatasetRequest>>(deps_, *context,
                                                                     caller.status());
  }
  return new UploadStream(deps_, uploads_, ticks_, *std::move(caller), context, response);
}

grpc::ServerUnaryReactor* DatasetServiceImpl::InferSchema(grpc::CallbackServerContext* context,
                                                          const v1::InferSchemaRequest* request,
                                                          v1::InferSchemaResponse* response) {
  const absl::StatusOr<Caller> caller = Admit(deps_, *context, method::kInferSchema);
  if (!caller.ok()) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(Answer(*context, *deps_.telemetry, caller.status()));
    return reactor;
  }
  return InferCall::Start(deps_, roots_, *caller, context, request, response);
}

}  // namespace winnow::rpc
