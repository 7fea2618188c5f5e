#include "server/rpc/caller.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {
namespace {

constexpr char kTenants[] = "tenants/";

bool IsFull(const std::string& name) { return name.rfind(kTenants, 0) == 0; }

absl::Status CheckTenant(const Caller& caller, const std::string& tenant) {
  if (tenant == caller.tenant) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kPermissionDenied, domain::reason::kTenantMismatch,
      absl::StrCat("the caller belongs to tenant ", caller.tenant, ", not to ", tenant));
}

std::string FullName(const Caller& caller, const char* collection, const std::string& name) {
  if (IsFull(name)) return name;
  return absl::StrCat(kTenants, caller.tenant, "/", collection, "/", name);
}

}  // namespace

absl::StatusOr<std::string> ResolveParent(const Caller& caller, const std::string& parent) {
  if (parent.empty()) return caller.tenant;
  ASSIGN_OR_RETURN(std::string tenant, domain::ParseTenantName(parent));
  RETURN_IF_ERROR(CheckTenant(caller, tenant));
  return tenant;
}

absl::StatusOr<domain::DatasetName> ResolveDataset(const Caller& caller, const std::string& name) {
  ASSIGN_OR_RETURN(domain::DatasetName dataset,
                   domain::ParseDatasetName(FullName(caller, "datasets", name)));
  RETURN_IF_ERROR(CheckTenant(caller, dataset.tenant));
  return dataset;
}

absl::StatusOr<domain::JobName> ResolveJob(const Caller& caller, const std::string& name) {
  ASSIGN_OR_RETURN(domain::JobName job, domain::ParseJobName(FullName(caller, "jobs", name)));
  RETURN_IF_ERROR(CheckTenant(caller, job.tenant));
  return job;
}

absl::StatusOr<domain::ArtifactName> ResolveArtifact(const Caller& caller,
                                                     const std::string& name) {
  std::string full = FullName(caller, "jobs", name);
  if (!IsFull(name)) {
    const size_t slash = full.rfind('/');
    if (std::count(name.begin(), name.end(), '/') == 1) full.replace(slash, 1, "/artifacts/");
  }
  ASSIGN_OR_RETURN(domain::ArtifactName artifact, domain::ParseArtifactName(full));
  RETURN_IF_ERROR(CheckTenant(caller, artifact.job.tenant));
  return artifact;
}

}  // namespace winnow::rpc
