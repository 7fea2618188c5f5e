#include "server/rpc/access.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/auth_context.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {
namespace {

constexpr char kAuthorization[] = "authorization";

std::string Text(grpc::string_ref text) { return {text.data(), text.size()}; }

auth::Presented PresentedBy(const grpc::ServerContextBase& context) {
  auth::Presented presented;
  const auto header = context.client_metadata().find(kAuthorization);
  if (header != context.client_metadata().end()) presented.authorization = Text(header->second);
  const auto connection = context.auth_context();
  if (connection == nullptr || !connection->IsPeerAuthenticated()) return presented;
  for (const char* property : {"x509_common_name", "x509_subject_alternative_name"}) {
    for (const grpc::string_ref& value : connection->FindPropertyValues(property)) {
      presented.certificate_names.push_back(Text(value));
    }
  }
  return presented;
}

}  // namespace

const std::vector<Method>& AllMethods() {
  static const auto* const methods = new std::vector<Method>{
      method::kCreateDataset,    method::kGetDataset,     method::kListDatasets,
      method::kDeleteDataset,    method::kUploadDataset,  method::kInferSchema,
      method::kCreateJob,        method::kGetJob,         method::kListJobs,
      method::kCancelJob,        method::kStopJob,        method::kPauseJob,
      method::kResumeJob,        method::kDeleteJob,      method::kWatchJob,
      method::kListJobEvents,    method::kGetArtifact,    method::kListArtifacts,
      method::kDownloadArtifact, method::kGetCapabilities};
  return *methods;
}

absl::Status CheckRole(const auth::Principal& principal, const Method& method) {
  if (principal.role >= method.least) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kPermissionDenied, domain::reason::kRoleMissing,
      absl::StrCat(method.name, " needs the role ", auth::RoleName(method.least), "; ",
                   principal.subject, " has the role ", auth::RoleName(principal.role)));
}

absl::StatusOr<Caller> Admit(const Deps& deps, const grpc::ServerContextBase& context,
                             const Method& method) {
  Caller caller = AnonymousCaller();
  if (deps.authenticator != nullptr) {
    ASSIGN_OR_RETURN(const auth::Principal principal,
                     deps.authenticator->Authenticate(PresentedBy(context)));
    RETURN_IF_ERROR(CheckRole(principal, method));
    caller = {principal.tenant, principal};
  }
  if (deps.rates != nullptr) RETURN_IF_ERROR(deps.rates->Take(caller.tenant));
  return caller;
}

}  // namespace winnow::rpc
