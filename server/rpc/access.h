// Who may call what: the table of all methods, and the one function that every call passes first.
#ifndef WINNOW_SERVER_RPC_ACCESS_H_
#define WINNOW_SERVER_RPC_ACCESS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/auth/principal.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"

namespace winnow::rpc {

enum class Needs {
  kOpen,       // reads or acts on what exists
  kAccepting,  // brings new work: refused while the server drains
};

struct Method {
  const char* service;  // below winnow.v1
  const char* name;
  auth::Role least;  // that may call it
  Needs needs;
};

namespace method {

using auth::Role;

inline constexpr Method kCreateDataset{"DatasetService", "CreateDataset", Role::kSubmitter,
                                       Needs::kAccepting};
inline constexpr Method kGetDataset{"DatasetService", "GetDataset", Role::kReader, Needs::kOpen};
inline constexpr Method kListDatasets{"DatasetService", "ListDatasets", Role::kReader,
                                      Needs::kOpen};
inline constexpr Method kDeleteDataset{"DatasetService", "DeleteDataset", Role::kAdmin,
                                       Needs::kOpen};
inline constexpr Method kUploadDataset{"DatasetService", "UploadDataset", Role::kSubmitter,
                                       Needs::kAccepting};
inline constexpr Method kInferSchema{"DatasetService", "InferSchema", Role::kSubmitter,
                                     Needs::kAccepting};

inline constexpr Method kCreateJob{"JobService", "CreateJob", Role::kSubmitter, Needs::kAccepting};
inline constexpr Method kGetJob{"JobService", "GetJob", Role::kReader, Needs::kOpen};
inline constexpr Method kListJobs{"JobService", "ListJobs", Role::kReader, Needs::kOpen};
inline constexpr Method kCancelJob{"JobService", "CancelJob", Role::kSubmitter, Needs::kOpen};
inline constexpr Method kStopJob{"JobService", "StopJob", Role::kSubmitter, Needs::kOpen};
inline constexpr Method kPauseJob{"JobService", "PauseJob", Role::kSubmitter, Needs::kOpen};
inline constexpr Method kResumeJob{"JobService", "ResumeJob", Role::kSubmitter, Needs::kOpen};
inline constexpr Method kDeleteJob{"JobService", "DeleteJob", Role::kAdmin, Needs::kOpen};
inline constexpr Method kWatchJob{"JobService", "WatchJob", Role::kReader, Needs::kOpen};
inline constexpr Method kListJobEvents{"JobService", "ListJobEvents", Role::kReader, Needs::kOpen};

inline constexpr Method kGetArtifact{"ArtifactService", "GetArtifact", Role::kReader, Needs::kOpen};
inline constexpr Method kListArtifacts{"ArtifactService", "ListArtifacts", Role::kReader,
                                       Needs::kOpen};
inline constexpr Method kDownloadArtifact{"ArtifactService", "DownloadArtifact", Role::kReader,
                                          Needs::kOpen};

inline constexpr Method kGetCapabilities{"SystemService", "GetCapabilities", Role::kReader,
                                         Needs::kOpen};

}  // namespace method

// Every row. A method of the contract without one is found by a test.
const std::vector<Method>& AllMethods();

// Who calls: UNAUTHENTICATED TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED; PERMISSION_DENIED
// ROLE_MISSING; RESOURCE_EXHAUSTED REQUEST_RATE. Looks at no resource. Without an authenticator
// everybody is the administrator of the one tenant there is. Cheap enough for callback threads.
absl::StatusOr<Caller> Admit(const Deps& deps, const grpc::ServerContextBase& context,
                             const Method& method);

// PERMISSION_DENIED ROLE_MISSING. The part of Admit that looks at the role.
absl::Status CheckRole(const auth::Principal& principal, const Method& method);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_ACCESS_H_
