#include "server/rpc/create_job.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/plan/plan.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/parent_job.h"
#include "server/rpc/profile_text.h"
#include "server/rpc/request_key.h"
#include "server/spec/capabilities.h"
#include "server/spec/job_spec.h"

namespace winnow::rpc {
namespace {

namespace reason = domain::reason;

Violations CheckRequest(const v1::CreateJobRequest& request) {
  Violations violations;
  CheckOptionalId("job_id", request.job_id(), &violations);
  CheckRequestId(request.request_id(), &violations);
  if (!request.job().has_spec()) violations.push_back({"job.spec", "is required"});
  CheckLabels("labels", request.job().spec().labels(), &violations);
  if (request.job().spec().dataset().empty() && request.job().has_spec()) {
    violations.push_back({"dataset", "is required: the id or name of an imported dataset"});
  }
  return violations;
}

absl::StatusOr<domain::Dataset> ActiveDataset(const Deps& deps, const Caller& caller,
                                              const std::string& text) {
  ASSIGN_OR_RETURN(const domain::DatasetName name, ResolveDataset(caller, text));
  ASSIGN_OR_RETURN(domain::Dataset dataset, deps.store->GetDataset(name));
  if (dataset.state == domain::DatasetState::kActive) return dataset;
  std::string message =
      absl::StrCat("dataset ", name.ToString(), " is ", domain::DatasetStateName(dataset.state),
                   "; ACTIVE was expected");
  if (dataset.error.has_value()) absl::StrAppend(&message, ": ", dataset.error->message);
  return domain::MakeError(absl::StatusCode::kFailedPrecondition, reason::kDatasetNotReady, message,
                           name.ToString());
}

std::string KnownSelectors() {
  const v1::Capabilities capabilities = spec::AlgorithmCapabilities();
  std::string known;
  for (const v1::SelectorInfo& selector : capabilities.selectors()) {
    if (selector.built()) absl::StrAppend(&known, known.empty() ? "" : " ", selector.name());
  }
  return known;
}

// All violations at once. An algorithm that this server does not have is a reason of its own.
absl::Status Refuse(const plan::Resolution& resolution) {
  Violations violations;
  bool algorithm = false;
  for (const plan::Violation& violation : resolution.violations) {
    violations.push_back({violation.path, violation.message});
    algorithm = algorithm || violation.path == "selector";
  }
  domain::Error error = domain::FromStatus(domain::InvalidFields(std::move(violations)));
  if (algorithm) {
    error.reason = reason::kUnknownAlgorithm;
    error.metadata["known"] = KnownSelectors();
  }
  return domain::ToStatus(error);
}

v1::JobEstimate EstimateToProto(const plan::Estimate& estimate) {
  v1::JobEstimate to;
  to.set_steps(estimate.steps);
  to.set_memory_bytes(estimate.memory_bytes);
  to.set_duration_s(estimate.seconds);
  return to;
}

domain::JobConfig MakeConfig(const plan::Plan& plan, const domain::Dataset& dataset,
                             const TargetProfile& target, const std::optional<Parent>& parent,
                             const v1::JobSpec& requested) {
  v1::JobSpec resolved = spec::SpecToProto(plan.spec);
  resolved.set_dataset(dataset.name.ToString());
  internal::v1::JobRecord record;
  *record.mutable_requested_spec() = requested;
  *record.mutable_estimate() = EstimateToProto(plan.estimate);
  record.set_knows_target(true);
  if (target.kind != TargetKind::kRegression) {
    record.mutable_target_classes()->Assign(target.classes.begin(), target.classes.end());
  }
  domain::JobConfig config;
  if (parent.has_value()) {
    resolved.set_parent_job(parent->name.ToString());
    *record.mutable_parent() = parent->record;
    config.parent_job = parent->name.job;
  }
  config.spec = SerializeStable(resolved);
  config.plan = SerializeStable(record);
  config.plan_version = static_cast<int32_t>(plan::kPlanVersion);
  config.task = plan.task;
  config.selector = plan.spec.selector.name;
  config.dataset = dataset.name.dataset;
  config.dataset_sha256 = dataset.table_sha256;
  config.labels = {requested.labels().begin(), requested.labels().end()};
  const plan::ResourcesSpec& resources = plan.spec.resources;
  config.priority = resources.priority.value_or(0);
  config.threads = plan.spec.training.threads.value_or(1);
  config.memory_limit_bytes = resources.memory_limit_bytes.value_or(0);
  config.memory_estimate_bytes = plan.estimate.memory_bytes;
  if (resources.wall_clock_limit_s.has_value()) {
    config.wall_clock_limit = absl::Seconds(*resources.wall_clock_limit_s);
  }
  return config;
}

absl::StatusOr<domain::JobConfig> Resolve(const Deps& deps, const Caller& caller,
                                          const v1::JobSpec& requested) {
  ASSIGN_OR_RETURN(const domain::Dataset dataset, ActiveDataset(deps, caller, requested.dataset()));
  plan::Spec spec = spec::SpecFromProto(requested);
  std::optional<Parent> parent;
  if (!spec.parent_job.empty()) {
    ASSIGN_OR_RETURN(parent, FindParent(deps, caller, spec.parent_job));
    plan::AdoptModel(parent->job, spec);
  }
  ASSIGN_OR_RETURN(const DatasetProfile profile, ParseProfile(dataset));
  plan::Limits limits;
  limits.max_threads = deps.scheduler->Load().job_slots;
  plan::Resolution resolution = plan::Resolve(spec, profile, limits);
  if (parent.has_value()) {
    for (plan::Violation& violation : plan::CheckParent(resolution.plan, profile, parent->job)) {
      resolution.violations.push_back(std::move(violation));
    }
  }
  if (!resolution.ok()) return Refuse(resolution);
  return MakeConfig(resolution.plan, dataset, profile.target, parent, requested);
}

// `violations` with those that only show against the dataset, where that can be looked at.
absl::Status RefuseAll(const Deps& deps, const Caller& caller, const v1::CreateJobRequest& request,
                       Violations violations) {
  const v1::JobSpec& spec = request.job().spec();
  const absl::Status resolved =
      spec.dataset().empty() ? absl::OkStatus() : Resolve(deps, caller, spec).status();
  if (!resolved.ok()) {
    const domain::Error error = domain::FromStatus(resolved);
    violations.insert(violations.end(), error.violations.begin(), error.violations.end());
  }
  return domain::InvalidFields(std::move(violations));
}

}  // namespace

absl::StatusOr<CreateJobAnswer> CreateJob(const Deps& deps, const Caller& caller,
                                          const v1::CreateJobRequest& request) {
  ASSIGN_OR_RETURN(const std::string tenant, ResolveParent(caller, request.parent()));
  Violations violations = CheckRequest(request);
  if (!violations.empty()) return RefuseAll(deps, caller, request, std::move(violations));
  CreateJobAnswer answer;
  const store::RequestKey key = KeyOf(request);
  // A retry is answered even when the same request would be refused by now.
  if (!key.request_id.empty()) {
    absl::StatusOr<domain::Job> earlier = deps.store->FindJobByRequest(tenant, key);
    if (earlier.ok()) {
      ASSIGN_OR_RETURN(answer.job, JobToProto(*earlier, View::kFull));
      answer.replayed = true;
      return answer;
    }
    if (!absl::IsNotFound(earlier.status())) return earlier.status();
  }
  store::NewJob job;
  ASSIGN_OR_RETURN(job.config, Resolve(deps, caller, request.job().spec()));
  job.name = {tenant, request.job_id().empty() ? deps.ids->NewJobId() : request.job_id()};
  if (request.validate_only()) {
    RETURN_IF_ERROR(deps.scheduler->CheckJob(job));
    domain::Job preview;
    preview.name = job.name;
    preview.config = job.config;
    ASSIGN_OR_RETURN(answer.job, JobToProto(preview, View::kFull));
    answer.job.clear_name();
    answer.job.clear_state();
    answer.job.clear_create_time();
    answer.job.clear_update_time();
    answer.job.clear_etag();
    return answer;
  }
  ASSIGN_OR_RETURN(const store::Created<domain::Job> created, deps.scheduler->SubmitJob(job, key));
  ASSIGN_OR_RETURN(answer.job, JobToProto(created.resource, View::kFull));
  answer.replayed = created.replayed;
  return answer;
}

}  // namespace winnow::rpc
