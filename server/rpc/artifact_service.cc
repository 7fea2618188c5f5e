#include "server/rpc/artifact_service.h"

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/artifact_files.h"
#include "server/rpc/caller.h"
#include "server/rpc/convert.h"
#include "server/rpc/download_stream.h"
#include "server/rpc/refused.h"
#include "server/rpc/unary.h"

namespace winnow::rpc {
namespace {

// A page token is the id behind which the page starts, bound to the job it was made for.
std::string TokenScope(const domain::JobName& job) {
  return server::Sha256Hex(job.ToString()).substr(0, 16) + ".";
}

absl::StatusOr<std::string> IdBefore(const domain::JobName& job, const std::string& page_token) {
  const std::string scope = TokenScope(job);
  if (page_token.empty()) return std::string();
  if (page_token.rfind(scope, 0) == 0) return page_token.substr(scope.size());
  return domain::MakeError(absl::StatusCode::kInvalidArgument, domain::reason::kInvalidPageToken,
                           "page_token: is none of this list's");
}

absl::Status ListPage(const Deps& deps, const Caller& caller,
                      const v1::ListArtifactsRequest& request,
                      v1::ListArtifactsResponse* response) {
  ASSIGN_OR_RETURN(const domain::JobName job, ResolveJob(caller, request.parent()));
  ASSIGN_OR_RETURN(const std::string before, IdBefore(job, request.page_token()));
  if (request.page_size() < 0) {
    return domain::InvalidFields(
        {{"page_size", absl::StrCat("must be >= 0, got ", request.page_size())}});
  }
  const int limit = request.page_size() == 0 ? store::kDefaultPageSize
                                             : std::min(request.page_size(), store::kMaxPageSize);
  ASSIGN_OR_RETURN(const std::vector<ArtifactFile> files, ListArtifactFiles(deps, job));
  for (const ArtifactFile& file : files) {
    if (file.artifact.id <= before) continue;
    if (response->artifacts_size() == limit) {
      const auto last = domain::ParseArtifactName(response->artifacts(limit - 1).name());
      RETURN_IF_ERROR(last.status());
      response->set_next_page_token(TokenScope(job) + last->artifact);
      break;
    }
    *response->add_artifacts() = ArtifactToProto(job, file.artifact);
  }
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* ArtifactServiceImpl::GetArtifact(grpc::CallbackServerContext* context,
                                                           const v1::GetArtifactRequest* request,
                                                           v1::Artifact* response) {
  return RunUnary(deps_, context, method::kGetArtifact,
                  [this, request, response](const Caller& caller) -> absl::Status {
                    ASSIGN_OR_RETURN(const domain::ArtifactName name,
                                     ResolveArtifact(caller, request->name()));
                    ASSIGN_OR_RETURN(const ArtifactFile file, FindArtifactFile(deps_, name));
                    *response = ArtifactToProto(name.job, file.artifact);
                    return absl::OkStatus();
                  });
}

grpc::ServerUnaryReactor* ArtifactServiceImpl::ListArtifacts(
    grpc::CallbackServerContext* context, const v1::ListArtifactsRequest* request,
    v1::ListArtifactsResponse* response) {
  return RunUnary(deps_, context, method::kListArtifacts,
                  [this, request, response](const Caller& caller) {
                    return ListPage(deps_, caller, *request, response);
                  });
}

grpc::ServerWriteReactor<v1::DownloadArtifactResponse>* ArtifactServiceImpl::DownloadArtifact(
    grpc::CallbackServerContext* context, const v1::DownloadArtifactRequest* request) {
  const absl::StatusOr<Caller> caller = Admit(deps_, *context, method::kDownloadArtifact);
  if (!caller.ok()) {
    return Refuse<grpc::ServerWriteReactor<v1::DownloadArtifactResponse>>(deps_, *context,
                                                                          caller.status());
  }
  return new DownloadStream(deps_, *caller, context, request);
}

}  // namespace winnow::rpc
