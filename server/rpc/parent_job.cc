#include "server/rpc/parent_job.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/spec/job_spec.h"

namespace winnow::rpc {
namespace {

namespace reason = domain::reason;

struct ModelFile {
  const char* id;
  bool required;
};
// A selector that trains nothing leaves no model of its selection.
constexpr std::array<ModelFile, 4> kModelFiles = {{{"model.safetensors", true},
                                                   {"manifest.json", true},
                                                   {"selection_model.safetensors", false},
                                                   {"selection_manifest.json", false}}};

absl::Status NotReady(const domain::JobName& name, const std::string& what) {
  return domain::MakeError(absl::StatusCode::kFailedPrecondition, reason::kParentNotReady,
                           absl::StrCat("parent_job ", name.ToString(), " ", what),
                           name.ToString());
}

}  // namespace

absl::StatusOr<Parent> FindParent(const Deps& deps, const Caller& caller, const std::string& text) {
  Parent parent;
  ASSIGN_OR_RETURN(parent.name, ResolveJob(caller, text));
  ASSIGN_OR_RETURN(const domain::Job job, deps.store->GetJob(parent.name));
  if (job.state != domain::JobState::kSucceeded) {
    return NotReady(parent.name, absl::StrCat("is ", domain::JobStateName(job.state),
                                              "; SUCCEEDED was expected"));
  }
  ASSIGN_OR_RETURN(const std::vector<domain::Artifact> artifacts,
                   deps.store->ListArtifacts(parent.name));
  const std::string name = parent.name.ToString();
  parent.record.set_job(name);
  for (const ModelFile& file : kModelFiles) {
    const auto found = std::find_if(artifacts.begin(), artifacts.end(),
                                    [&](const domain::Artifact& a) { return a.id == file.id; });
    if (found != artifacts.end()) {
      auto& artifact = *parent.record.add_artifacts();
      artifact.set_artifact_id(found->id);
      artifact.set_sha256(found->sha256);
    } else if (file.required) {
      return NotReady(parent.name, absl::StrCat("has no artifact ", file.id));
    }
  }
  v1::JobSpec spec;
  internal::v1::JobRecord record;
  RETURN_IF_ERROR(ParseStored(job.config.spec, "resolved spec of " + name, &spec));
  RETURN_IF_ERROR(ParseStored(job.config.plan, "record of " + name, &record));
  parent.job.name = name;
  parent.job.spec = spec::SpecFromProto(spec);
  if (record.knows_target()) {
    parent.job.classes.emplace(record.target_classes().begin(), record.target_classes().end());
  }
  return parent;
}

absl::StatusOr<internal::v1::ParentJob> LocateParent(const Deps& deps,
                                                     const domain::JobName& parent,
                                                     const internal::v1::ParentRecord& record) {
  internal::v1::ParentJob to;
  to.set_job(record.job());
  const absl::StatusOr<std::vector<domain::Artifact>> artifacts = deps.store->ListArtifacts(parent);
  if (!artifacts.ok() && !absl::IsNotFound(artifacts.status())) return artifacts.status();
  for (const internal::v1::ArtifactRecord& frozen : record.artifacts()) {
    const domain::Artifact* found = nullptr;
    for (size_t i = 0; artifacts.ok() && i < artifacts->size(); ++i) {
      const domain::Artifact& artifact = (*artifacts)[i];
      const bool same = artifact.id == frozen.artifact_id() && artifact.sha256 == frozen.sha256();
      if (same) found = &artifact;
    }
    if (found == nullptr) {
      return domain::MakeError(absl::StatusCode::kFailedPrecondition, reason::kParentGone,
                               absl::StrCat("artifact ", frozen.artifact_id(), " of parent_job ",
                                            parent.ToString(), " is gone"),
                               parent.ToString());
    }
    auto& file = *to.add_artifacts();
    file.set_artifact_id(found->id);
    file.set_path(absl::StrCat(deps.layout->JobDir(parent), "/", found->path));
    file.set_size_bytes(found->size_bytes);
    file.set_sha256(found->sha256);
  }
  return to;
}

}  // namespace winnow::rpc
