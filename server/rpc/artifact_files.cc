#include "server/rpc/artifact_files.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {
namespace {

absl::Status AddWorkerLogs(const Deps& deps, const domain::Job& job,
                           std::vector<ArtifactFile>* files) {
  ASSIGN_OR_RETURN(const std::vector<domain::Attempt> attempts, deps.store->ListAttempts(job.name));
  for (const domain::Attempt& attempt : attempts) {
    ArtifactFile file;
    file.path = deps.layout->WorkerLog(domain::JobAttempt(job.name, attempt.number));
    const absl::StatusOr<int64_t> size = deps.files->FileSize(file.path);
    if (!size.ok()) continue;
    const bool is_newest = attempt.number == job.attempt;
    file.artifact.id = is_newest ? kWorkerLog : absl::StrCat("worker-", attempt.number, ".log");
    file.artifact.size_bytes = *size;
    file.artifact.create_time = attempt.start_time;
    if (!is_newest || domain::IsTerminal(job.state)) {
      ASSIGN_OR_RETURN(file.artifact.sha256, server::Sha256HexOfFile(*deps.files, file.path));
    }
    files->push_back(std::move(file));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ArtifactFile>> ListArtifactFiles(const Deps& deps,
                                                            const domain::JobName& name) {
  ASSIGN_OR_RETURN(const domain::Job job, deps.store->GetJob(name));
  ASSIGN_OR_RETURN(const std::vector<domain::Artifact> artifacts, deps.store->ListArtifacts(name));
  std::vector<ArtifactFile> files;
  for (const domain::Artifact& artifact : artifacts) {
    files.push_back({artifact, absl::StrCat(deps.layout->JobDir(name), "/", artifact.path)});
  }
  RETURN_IF_ERROR(AddWorkerLogs(deps, job, &files));
  std::sort(files.begin(), files.end(), [](const ArtifactFile& a, const ArtifactFile& b) {
    return a.artifact.id < b.artifact.id;
  });
  return files;
}

absl::StatusOr<ArtifactFile> FindArtifactFile(const Deps& deps, const domain::ArtifactName& name) {
  ASSIGN_OR_RETURN(std::vector<ArtifactFile> files, ListArtifactFiles(deps, name.job));
  for (ArtifactFile& file : files) {
    if (file.artifact.id == name.artifact) return std::move(file);
  }
  return domain::MakeError(absl::StatusCode::kNotFound, domain::reason::kArtifactNotFound,
                           absl::StrCat("there is no artifact ", name.ToString()), name.ToString());
}

}  // namespace winnow::rpc
