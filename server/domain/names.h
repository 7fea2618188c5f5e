// Resource names: tenants/{tenant}/datasets/{dataset},
// tenants/{tenant}/jobs/{job}[/artifacts/{artifact}].
#ifndef WINNOW_SERVER_DOMAIN_NAMES_H_
#define WINNOW_SERVER_DOMAIN_NAMES_H_

#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace winnow::domain {

struct DatasetName {
  std::string tenant;
  std::string dataset;
  std::string ToString() const;
  friend auto operator<=>(const DatasetName&, const DatasetName&) = default;
};

struct JobName {
  std::string tenant;
  std::string job;
  std::string ToString() const;
  friend auto operator<=>(const JobName&, const JobName&) = default;
};

struct ArtifactName {
  JobName job;
  std::string artifact;
  std::string ToString() const;
  friend auto operator<=>(const ArtifactName&, const ArtifactName&) = default;
};

// Errors: INVALID_ARGUMENT, reason INVALID_NAME, with the pattern that was expected.
absl::StatusOr<std::string> ParseTenantName(const std::string& name);  // "tenants/t" -> "t"
absl::StatusOr<DatasetName> ParseDatasetName(const std::string& name);
absl::StatusOr<JobName> ParseJobName(const std::string& name);
absl::StatusOr<ArtifactName> ParseArtifactName(const std::string& name);

std::string TenantName(const std::string& tenant);

// What a worker process is started for.
enum class WorkKind {
  kJob,     // runs or resumes a job
  kImport,  // turns uploaded or local files into a dataset
  kInfer,   // reads the head of a file and proposes a schema; leaves no trace in the store
};

// One start of one piece of work. `number` counts the starts of that piece and fences its reports.
struct AttemptId {
  WorkKind kind = WorkKind::kJob;
  std::string tenant;
  std::string id;  // job id, dataset id, or the id of the inference
  int32_t number = 0;

  // tenants/t/jobs/j/attempts/3, tenants/t/datasets/d/attempts/1, tenants/t/inferences/i/attempts/1
  std::string ToString() const;
  // REQUIRES: the kind fits.
  JobName job_name() const { return {tenant, id}; }
  DatasetName dataset_name() const { return {tenant, id}; }
  friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
};

absl::StatusOr<AttemptId> ParseAttemptId(const std::string& text);

AttemptId JobAttempt(const JobName& job, int32_t number);
AttemptId ImportAttempt(const DatasetName& dataset, int32_t number);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_NAMES_H_
