// Where the artifacts of a job lie: those that its finished attempt registered, and the logs of its
// workers, which are there from the start.
#ifndef WINNOW_SERVER_RPC_ARTIFACT_FILES_H_
#define WINNOW_SERVER_RPC_ARTIFACT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/domain/job.h"
#include "server/rpc/deps.h"

namespace winnow::rpc {

struct ArtifactFile {
  domain::Artifact artifact;  // sha256 is empty while the file grows
  std::string path;           // absolute
};

// Of the newest attempt; attempt N before it has "worker-N.log".
inline constexpr char kWorkerLog[] = "worker.log";

// By id. NOT_FOUND JOB_NOT_FOUND.
absl::StatusOr<std::vector<ArtifactFile>> ListArtifactFiles(const Deps& deps,
                                                            const domain::JobName& job);
// NOT_FOUND ARTIFACT_NOT_FOUND or JOB_NOT_FOUND.
absl::StatusOr<ArtifactFile> FindArtifactFile(const Deps& deps, const domain::ArtifactName& name);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_ARTIFACT_FILES_H_
