#include "server/rpc/infer_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/create_dataset.h"
#include "server/rpc/errors.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::rpc {

grpc::ServerUnaryReactor* InferCall::Start(const Deps& deps, const AllowedRoots& roots,
                                           const Caller& caller,
                                           grpc::CallbackServerContext* context,
                                           const v1::InferSchemaRequest* request,
                                           v1::InferSchemaResponse* response) {
  auto call = std::make_shared<InferCall>(deps, roots, caller, context, request, response);
  call->self_ = call;
  deps.requests->Schedule([call] {
    const absl::StatusOr<bool> answered = call->Run();
    if (!answered.ok()) return call->Close(answered.status());
    if (*answered) call->Close(absl::OkStatus());
  });
  return call.get();
}

InferCall::InferCall(const Deps& deps, const AllowedRoots& roots, Caller caller,
                     grpc::CallbackServerContext* context, const v1::InferSchemaRequest* request,
                     v1::InferSchemaResponse* response)
    : deps_(deps),
      roots_(roots),
      caller_(std::move(caller)),
      context_(context),
      request_(request),
      response_(response) {}

absl::StatusOr<bool> InferCall::Run() {
  RETURN_IF_ERROR(deps_.gate->CheckAccepting());
  RETURN_IF_ERROR(ResolveParent(caller_, request_->parent()).status());
  if (request_->dataset().empty() == (request_->files_size() == 0)) {
    return domain::InvalidFields({{"files", "give either files or dataset"}});
  }
  if (!request_->dataset().empty()) {
    RETURN_IF_ERROR(AnswerFromDataset());
    return true;
  }
  RETURN_IF_ERROR(StartWorker());
  return false;
}

absl::Status InferCall::AnswerFromDataset() {
  ASSIGN_OR_RETURN(const domain::DatasetName name, ResolveDataset(caller_, request_->dataset()));
  ASSIGN_OR_RETURN(const domain::Dataset dataset, deps_.store->GetDataset(name));
  if (dataset.state != domain::DatasetState::kActive) {
    return domain::MakeError(
        absl::StatusCode::kFailedPrecondition, domain::reason::kDatasetNotReady,
        absl::StrCat("dataset ", name.ToString(), " is ", domain::DatasetStateName(dataset.state),
                     "; ACTIVE was expected"),
        name.ToString());
  }
  ASSIGN_OR_RETURN(v1::Dataset shown, DatasetToProto(dataset, View::kFull, std::nullopt));
  *response_->mutable_schema() = std::move(*shown.mutable_resolved_schema());
  *response_->mutable_warnings() = shown.warnings();
  response_->set_sampled_rows(dataset.rows);
  return absl::OkStatus();
}

absl::Status InferCall::StartWorker() {
  Violations violations;
  const std::vector<domain::DatasetFile> files = CheckFiles(roots_, request_->files(), &violations);
  for (int i = 0; i < request_->files_size(); ++i) {
    if (!request_->files(i).local_path().empty()) continue;
    violations.clear();  // what is said of uploads does not apply
    violations.push_back({absl::StrCat("files[", i, "].local_path"), "is required"});
  }
  if (!violations.empty()) return domain::InvalidFields(std::move(violations));
  internal::v1::InferAssignment assignment;
  *assignment.mutable_schema() = request_->schema();
  for (const domain::DatasetFile& file : files) {
    auto& input = *assignment.add_files();
    input.set_path(file.local_path);
    input.set_role(RoleFromText(file.role));
    input.set_filename(file.file_name);
  }
  ASSIGN_OR_RETURN(const domain::AttemptId attempt,
                   deps_.scheduler->StartInference(
                       caller_.tenant, assignment.SerializeAsString(),
                       [self = shared_from_this()](const absl::StatusOr<std::string>& result) {
                         self->OnResult(result);
                       }));
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    attempt_ = attempt;
    cancelled = cancelled_;
  }
  if (cancelled) deps_.scheduler->CancelInference(attempt);
  return absl::OkStatus();
}

void InferCall::OnResult(const absl::StatusOr<std::string>& result) {
  if (!result.ok()) return Close(result.status());
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    if (!response_->ParseFromString(*result)) response_->Clear();
  }
  Close(response_->has_schema() ? absl::OkStatus()
                                : absl::InternalError("a worker's proposal cannot be read"));
}

void InferCall::OnCancel() {
  std::optional<domain::AttemptId> attempt;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    attempt = attempt_;
  }
  // Its `done` then closes the call; before StartInference returns, StartWorker looks again.
  if (attempt.has_value()) {
    deps_.requests->Schedule(
        [&deps = deps_, attempt] { deps.scheduler->CancelInference(*attempt); });
  }
}

void InferCall::Close(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  closed_ = true;
  Finish(Answer(*context_, *deps_.telemetry, status));
}

void InferCall::OnDone() {
  const std::shared_ptr<InferCall> self = std::move(self_);  // dies at the end of this function
}

}  // namespace winnow::rpc
