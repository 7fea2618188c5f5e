// Who calls, and which names they may use: permission is decided before existence.
#ifndef WINNOW_SERVER_RPC_CALLER_H_
#define WINNOW_SERVER_RPC_CALLER_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/auth/principal.h"
#include "server/domain/names.h"

namespace winnow::rpc {

struct Caller {
  std::string tenant;
  auth::Principal principal;  // of nobody where everybody is let in
};

// Without authentication everybody is the one tenant there is.
inline constexpr char kDefaultTenant[] = "default";
inline Caller AnonymousCaller() { return {kDefaultTenant, {}}; }

// Errors of all: INVALID_ARGUMENT INVALID_NAME; PERMISSION_DENIED TENANT_MISMATCH for a name of
// another tenant, whether or not it exists.

// "" or "tenants/t".
absl::StatusOr<std::string> ResolveParent(const Caller& caller, const std::string& parent);
// A full name, or the id alone.
absl::StatusOr<domain::DatasetName> ResolveDataset(const Caller& caller, const std::string& name);
absl::StatusOr<domain::JobName> ResolveJob(const Caller& caller, const std::string& name);
// A full name, or "{job}/{artifact}".
absl::StatusOr<domain::ArtifactName> ResolveArtifact(const Caller& caller, const std::string& name);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_CALLER_H_
