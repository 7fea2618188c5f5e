#include "server/store/requests.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::store {
namespace {

std::string MethodName(RequestMethod method) {
  return method == RequestMethod::kCreateJob ? "CreateJob" : "CreateDataset";
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> FindRequest(Database& database, const std::string& tenant,
                                                   RequestMethod method,
                                                   const RequestKey& request) {
  if (request.request_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT body_sha256, coalesce(job_id, dataset_id) FROM request "
                                    "WHERE tenant = ?1 AND method = ?2 AND request_id = ?3"));
  s.Bind(1, tenant);
  s.Bind(2, MethodName(method));
  s.Bind(3, request.request_id);
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return std::nullopt;
  if (s.Text(0) != request.body_sha256) {
    return domain::MakeError(
        absl::StatusCode::kInvalidArgument, domain::reason::kRequestIdReused,
        absl::StrCat("request_id ", request.request_id,
                     " was used before with another request; a new request needs a new id"),
        "request_id");
  }
  return s.Integer(1);
}

absl::Status InsertRequest(Database& database, const std::string& tenant, RequestMethod method,
                           const RequestKey& request, int64_t resource_row) {
  if (request.request_id.empty()) return absl::OkStatus();
  const bool is_job = method == RequestMethod::kCreateJob;
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare(absl::StrCat(
                       "INSERT INTO request (tenant, method, request_id, body_sha256, ",
                       is_job ? "job_id" : "dataset_id", ") VALUES (?1, ?2, ?3, ?4, ?5)")));
  s.Bind(1, tenant);
  s.Bind(2, MethodName(method));
  s.Bind(3, request.request_id);
  s.Bind(4, request.body_sha256);
  s.Bind(5, resource_row);
  return s.Run();
}

}  // namespace winnow::store
