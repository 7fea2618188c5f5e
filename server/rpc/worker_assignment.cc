// What an attached worker is told to do.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/rpc/convert.h"
#include "server/rpc/parent_job.h"
#include "server/rpc/worker_session.h"

namespace winnow::rpc {
namespace {

using internal::v1::Assignment;

// A stored message that cannot be read gives an assignment that the worker refuses with its path in
// the error; the log says why.
void ParseOrLog(const std::string& bytes, const std::string& what,
                google::protobuf::MessageLite* message) {
  const absl::Status parsed = ParseStored(bytes, what, message);
  if (!parsed.ok()) server::LogError("bad record", {{"error", std::string(parsed.message())}});
}

// Without its files the worker ends the job with an error that says so; the log says why.
void FillParent(const Deps& deps, const domain::Job& job, internal::v1::JobAssignment& to) {
  internal::v1::JobRecord record;
  ParseOrLog(job.config.plan, "record of " + job.name.ToString(), &record);
  const domain::JobName name{job.name.tenant, job.config.parent_job};
  absl::StatusOr<internal::v1::ParentJob> parent = LocateParent(deps, name, record.parent());
  if (parent.ok()) {
    *to.mutable_parent() = *std::move(parent);
  } else {
    server::LogError("a parent cannot be handed out",
                     {{"job", job.name.ToString()}, {"error", parent.status().ToString()}});
  }
}

void FillJob(const Deps& deps, const WorkerFacts& facts, const sched::AttachReply& reply,
             internal::v1::JobAssignment& to) {
  const domain::Job& job = reply.job;
  const domain::JobConfig& config = job.config;
  to.set_job(job.name.ToString());
  to.set_attempt(reply.attempt.number);
  ParseOrLog(config.spec, "resolved spec of " + job.name.ToString(), to.mutable_spec());
  to.set_plan_version(config.plan_version);
  to.set_dataset_dir(deps.layout->TableDir({job.name.tenant, config.dataset}));
  to.set_dataset_sha256(config.dataset_sha256);
  to.set_attempt_dir(reply.directory);
  for (const domain::Checkpoint& checkpoint : reply.checkpoints) {
    auto& notice = *to.add_checkpoints();
    notice.set_path(absl::StrCat(deps.layout->JobDir(job.name), "/", checkpoint.path));
    notice.set_sha256(checkpoint.sha256);
    notice.set_size_bytes(checkpoint.size_bytes);
    notice.set_ordinal(checkpoint.ordinal);
    notice.set_step(checkpoint.step);
  }
  to.set_threads(config.threads);
  to.set_memory_limit_bytes(config.memory_limit_bytes > 0 ? config.memory_limit_bytes
                                                          : facts.default_memory_limit_bytes);
  if (config.wall_clock_limit != absl::InfiniteDuration()) {
    const absl::Duration left = config.wall_clock_limit - job.ran;
    to.set_wall_clock_left_s(absl::ToDoubleSeconds(std::max(left, absl::ZeroDuration())));
  }
  to.set_next_ordinal(job.last_ordinal + 1);
  to.set_stop_requested(reply.stop_requested);
  if (!config.parent_job.empty()) FillParent(deps, job, to);
}

void FillImport(const Deps& deps, const WorkerFacts& facts, const sched::AttachReply& reply,
                internal::v1::ImportAssignment& to) {
  const domain::Dataset& dataset = reply.dataset;
  to.set_dataset(dataset.name.ToString());
  internal::v1::DatasetRecord record;
  ParseOrLog(dataset.schema, "schema of " + dataset.name.ToString(), &record);
  *to.mutable_schema() = record.schema();
  for (size_t i = 0; i < dataset.files.size(); ++i) {
    const domain::DatasetFile& file = dataset.files[i];
    auto& input = *to.add_files();
    input.set_path(file.local_path.empty()
                       ? deps.layout->UploadFile(dataset.name, static_cast<int>(i))
                       : file.local_path);
    input.set_role(RoleFromText(file.role));
    input.set_filename(file.file_name);
  }
  to.set_output_dir(reply.directory);
  to.set_threads(1);
  to.set_memory_limit_bytes(facts.import_memory_limit_bytes);
}

}  // namespace

Assignment MakeAssignment(const Deps& deps, const WorkerFacts& facts,
                          const sched::AttachReply& reply) {
  Assignment assignment;
  switch (reply.attempt.kind) {
    case domain::WorkKind::kJob:
      FillJob(deps, facts, reply, *assignment.mutable_job());
      break;
    case domain::WorkKind::kImport:
      FillImport(deps, facts, reply, *assignment.mutable_dataset_import());
      break;
    case domain::WorkKind::kInfer:
      ParseOrLog(reply.inference, "inference", assignment.mutable_infer());
      assignment.mutable_infer()->set_memory_limit_bytes(facts.import_memory_limit_bytes);
      break;
  }
  return assignment;
}

}  // namespace winnow::rpc
