#include "server/domain/names.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::domain {
namespace {

absl::Status BadName(const char* what, const std::string& name, const std::string& expected) {
  constexpr size_t kShown = 160;  // of what may be megabytes of a stranger's text
  const std::string shown = name.size() > kShown ? name.substr(0, kShown) + "…" : name;
  return MakeError(absl::StatusCode::kInvalidArgument, reason::kInvalidName,
                   absl::StrCat(what, " name \"", shown, "\": must be ", expected));
}

// Splits name along pattern: words must match, each "*" takes one id. False when the shape differs.
bool Match(const std::string& name, const std::vector<std::string>& pattern,
           std::vector<std::string>* ids) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != pattern.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (pattern[i] == "*") {
      ids->push_back(parts[i]);
    } else if (parts[i] != pattern[i]) {
      return false;
    }
  }
  return true;
}

absl::Status RequireId(const char* what, const std::string& name, const char* part,
                       const std::string& id) {
  if (server::IsValidId(id)) return absl::OkStatus();
  return BadName(what, name, absl::StrCat("made of valid ids; ", part, " must ", server::kIdRule));
}

const char* CollectionOf(WorkKind kind) {
  switch (kind) {
    case WorkKind::kJob:
      return "jobs";
    case WorkKind::kImport:
      return "datasets";
    case WorkKind::kInfer:
      return "inferences";
  }
  return "";
}

}  // namespace

std::string DatasetName::ToString() const {
  return absl::StrCat("tenants/", tenant, "/datasets/", dataset);
}

std::string JobName::ToString() const { return absl::StrCat("tenants/", tenant, "/jobs/", job); }

std::string ArtifactName::ToString() const {
  return absl::StrCat(job.ToString(), "/artifacts/", artifact);
}

std::string TenantName(const std::string& tenant) { return absl::StrCat("tenants/", tenant); }

absl::StatusOr<std::string> ParseTenantName(const std::string& name) {
  std::vector<std::string> ids;
  if (!Match(name, {"tenants", "*"}, &ids)) return BadName("tenant", name, "tenants/{tenant}");
  RETURN_IF_ERROR(RequireId("tenant", name, "{tenant}", ids[0]));
  return ids[0];
}

absl::StatusOr<DatasetName> ParseDatasetName(const std::string& name) {
  std::vector<std::string> ids;
  if (!Match(name, {"tenants", "*", "datasets", "*"}, &ids)) {
    return BadName("dataset", name, "tenants/{tenant}/datasets/{dataset}");
  }
  RETURN_IF_ERROR(RequireId("dataset", name, "{tenant}", ids[0]));
  RETURN_IF_ERROR(RequireId("dataset", name, "{dataset}", ids[1]));
  return DatasetName{ids[0], ids[1]};
}

absl::StatusOr<JobName> ParseJobName(const std::string& name) {
  std::vector<std::string> ids;
  if (!Match(name, {"tenants", "*", "jobs", "*"}, &ids)) {
    return BadName("job", name, "tenants/{tenant}/jobs/{job}");
  }
  RETURN_IF_ERROR(RequireId("job", name, "{tenant}", ids[0]));
  RETURN_IF_ERROR(RequireId("job", name, "{job}", ids[1]));
  return JobName{ids[0], ids[1]};
}

absl::StatusOr<ArtifactName> ParseArtifactName(const std::string& name) {
  std::vector<std::string> ids;
  if (!Match(name, {"tenants", "*", "jobs", "*", "artifacts", "*"}, &ids)) {
    return BadName("artifact", name, "tenants/{tenant}/jobs/{job}/artifacts/{artifact}");
  }
  RETURN_IF_ERROR(RequireId("artifact", name, "{tenant}", ids[0]));
  RETURN_IF_ERROR(RequireId("artifact", name, "{job}", ids[1]));
  if (!server::IsValidArtifactId(ids[2])) {
    return BadName("artifact", name,
                   absl::StrCat("made of valid ids; {artifact} must ", server::kIdRule,
                                "; '.' and '_' are allowed inside"));
  }
  return ArtifactName{{ids[0], ids[1]}, ids[2]};
}

std::string AttemptId::ToString() const {
  return absl::StrCat("tenants/", tenant, "/", CollectionOf(kind), "/", id, "/attempts/", number);
}

absl::StatusOr<AttemptId> ParseAttemptId(const std::string& text) {
  for (const WorkKind kind : {WorkKind::kJob, WorkKind::kImport, WorkKind::kInfer}) {
    std::vector<std::string> ids;
    if (!Match(text, {"tenants", "*", CollectionOf(kind), "*", "attempts", "*"}, &ids)) continue;
    RETURN_IF_ERROR(RequireId("attempt", text, "{tenant}", ids[0]));
    RETURN_IF_ERROR(RequireId("attempt", text, "{id}", ids[1]));
    AttemptId attempt{kind, ids[0], ids[1], 0};
    if (!absl::SimpleAtoi(ids[2], &attempt.number) || attempt.number < 1 ||
        ids[2] != absl::StrCat(attempt.number)) {
      return BadName("attempt", text, "ended by a number from 1");
    }
    return attempt;
  }
  return BadName("attempt", text,
                 "tenants/{tenant}/{jobs|datasets|inferences}/{id}/attempts/{number}");
}

AttemptId JobAttempt(const JobName& job, int32_t number) {
  return {WorkKind::kJob, job.tenant, job.job, number};
}

AttemptId ImportAttempt(const DatasetName& dataset, int32_t number) {
  return {WorkKind::kImport, dataset.tenant, dataset.dataset, number};
}

}  // namespace winnow::domain
