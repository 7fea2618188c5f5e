#include "server/sched/attempt_files.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "server/base/ids.h"
#include "server/base/log.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::sched {
namespace {

using domain::AttemptId;
using domain::DataDirLayout;

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool StartsWith(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

absl::Status Corrupt(const AttemptId& attempt, const std::string& what) {
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat(attempt.ToString(), ": ", what), attempt.ToString());
}

absl::Status VerifyArtifact(server::FileSystem& files, const DataDirLayout& layout,
                            const AttemptId& attempt, const domain::Artifact& artifact) {
  if (!server::IsValidArtifactId(artifact.id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("artifact id \"", artifact.id, "\" must ", server::kIdRule));
  }
  RETURN_IF_ERROR(RequireOwnPath(attempt, artifact.path));
  const std::string path = absl::StrCat(layout.JobDir(attempt.job_name()), "/", artifact.path);
  const absl::StatusOr<int64_t> size = files.FileSize(path);
  if (!size.ok()) return Corrupt(attempt, absl::StrCat("artifact ", artifact.id, " is missing"));
  if (*size != artifact.size_bytes) {
    return Corrupt(attempt, absl::StrCat("artifact ", artifact.id, " has ", *size, " bytes, ",
                                         artifact.size_bytes, " were reported"));
  }
  ASSIGN_OR_RETURN(const std::string sha256, server::Sha256HexOfFile(files, path));
  if (sha256 == artifact.sha256) return absl::OkStatus();
  return Corrupt(attempt, absl::StrCat("artifact ", artifact.id, " has SHA-256 ", sha256, ", ",
                                       artifact.sha256, " was reported"));
}

// Names in a folder that may not exist.
std::vector<std::string> Names(server::FileSystem& files, const std::string& directory) {
  absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  return names.ok() ? *std::move(names) : std::vector<std::string>();
}

// Calls `visit` with (tenant, id) for each root/<tenant>/<id>.
void ForEachResource(server::FileSystem& files, const std::string& root,
                     const std::function<void(const std::string&, const std::string&)>& visit) {
  for (const std::string& tenant : Names(files, root)) {
    for (const std::string& id : Names(files, root + "/" + tenant)) visit(tenant, id);
  }
}

void Remove(server::FileSystem& files, const std::string& path, const char* why) {
  const absl::Status status = files.RemoveAll(path);
  server::LogInfo("swept leftovers", {{"path", path}, {"why", why}});
  if (!status.ok()) server::LogWarning("sweep failed", {{"error", status.ToString()}});
}

void SweepTemporaries(server::FileSystem& files, const std::string& job_dir) {
  for (const std::string& attempt : Names(files, job_dir)) {
    const std::string directory = job_dir + "/" + attempt;
    for (const std::string& name : Names(files, directory)) {
      if (EndsWith(name, server::kTemporarySuffix)) {
        Remove(files, directory + "/" + name, "temporary file of a dead attempt");
      }
    }
  }
}

// One who is gone for good; any other error keeps the files.
bool IsGone(const absl::Status& status) { return absl::IsNotFound(status); }

absl::Status TruncateUpload(server::FileSystem& files, const DataDirLayout& layout,
                            const domain::Dataset& dataset) {
  for (size_t i = 0; i < dataset.files.size(); ++i) {
    const std::string path = layout.UploadFile(dataset.name, static_cast<int>(i));
    const absl::StatusOr<int64_t> size = files.FileSize(path);
    const int64_t committed = dataset.files[i].committed_size_bytes;
    if (!size.ok() || *size == committed) continue;
    if (*size < committed) {
      server::LogError("an upload has lost acknowledged bytes",
                       {{"dataset", dataset.name.ToString()}, {"path", path}});
      continue;
    }
    RETURN_IF_ERROR(files.Truncate(path, committed));
  }
  return absl::OkStatus();
}

void SweepDatasets(server::FileSystem& files, const DataDirLayout& layout, store::Store& store) {
  ForEachResource(files, layout.root() + "/datasets",
                  [&](const std::string& tenant, const std::string& id) {
                    const domain::DatasetName name{tenant, id};
                    const std::string directory = layout.DatasetDir(name);
                    if (IsGone(store.GetDataset(name).status())) {
                      Remove(files, directory, "the dataset is gone");
                      return;
                    }
                    for (const std::string& entry : Names(files, directory)) {
                      if (StartsWith(entry, "attempt-")) {
                        Remove(files, directory + "/" + entry, "half-done import");
                      }
                    }
                  });
  ForEachResource(
      files, layout.root() + "/uploads", [&](const std::string& tenant, const std::string& id) {
        const domain::DatasetName name{tenant, id};
        const auto dataset = store.GetDataset(name);
        const bool used = !IsGone(dataset.status()) &&
                          (!dataset.ok() || dataset->state == domain::DatasetState::kUploading ||
                           dataset->state == domain::DatasetState::kImporting);
        if (!used) Remove(files, layout.UploadDir(name), "the upload is over");
      });
}

void SweepJobs(server::FileSystem& files, const DataDirLayout& layout, store::Store& store) {
  ForEachResource(files, layout.root() + "/jobs",
                  [&](const std::string& tenant, const std::string& id) {
                    const domain::JobName name{tenant, id};
                    const auto job = store.GetJob(name);
                    if (IsGone(job.status())) {
                      Remove(files, layout.JobDir(name), "the job is gone");
                    } else if (job.ok() && !domain::IsTerminal(job->state)) {
                      SweepTemporaries(files, layout.JobDir(name));
                    }
                  });
}

}  // namespace

absl::Status RequireOwnPath(const AttemptId& attempt, const std::string& path) {
  const std::string own = absl::StrCat("attempt-", attempt.number, "/");
  const bool inside = StartsWith(path, own) && path.size() > own.size() &&
                      ("/" + path + "/").find("/../") == std::string::npos &&
                      path.find('\0') == std::string::npos;
  if (inside) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(attempt.ToString(), ": path \"", path,
                                                 "\" must lie in the attempt's folder, ", own));
}

absl::Status VerifyArtifacts(server::FileSystem& files, const DataDirLayout& layout,
                             const AttemptId& attempt,
                             const std::vector<domain::Artifact>& artifacts) {
  for (const domain::Artifact& artifact : artifacts) {
    RETURN_IF_ERROR(VerifyArtifact(files, layout, attempt, artifact));
  }
  return absl::OkStatus();
}

absl::Status PublishTable(server::FileSystem& files, const DataDirLayout& layout,
                          const AttemptId& attempt) {
  const domain::DatasetName name = attempt.dataset_name();
  const std::string from = layout.AttemptDir(attempt);
  const std::string to = layout.TableDir(name);
  if (files.Exists(from)) {
    RETURN_IF_ERROR(files.SyncDirectory(from));
    RETURN_IF_ERROR(files.RemoveAll(to));
    RETURN_IF_ERROR(files.Rename(from, to));
  } else if (!files.Exists(to)) {
    return Corrupt(attempt, "the import left no table");
  }
  return files.SyncDirectory(layout.DatasetDir(name));
}

absl::Status SweepDataDir(server::FileSystem& files, const DataDirLayout& layout,
                          store::Store& store) {
  ASSIGN_OR_RETURN(const std::vector<domain::Dataset> uploads, store.ListUploadingDatasets());
  for (const domain::Dataset& dataset : uploads) {
    RETURN_IF_ERROR(TruncateUpload(files, layout, dataset));
  }
  SweepDatasets(files, layout, store);
  SweepJobs(files, layout, store);
  return files.RemoveAll(layout.root() + "/inferences");
}

}  // namespace winnow::sched
