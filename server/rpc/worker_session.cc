#include "server/rpc/worker_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/domain/reasons.h"
#include "server/rpc/convert.h"

namespace winnow::rpc {
namespace {

using domain::WorkKind;
using internal::v1::AttachRequest;
using internal::v1::AttachResponse;
using internal::v1::Command;

bool IsWorkersEvent(const v1::JobEvent& event) {
  switch (event.event_case()) {
    case v1::JobEvent::kPhaseStarted:
    case v1::JobEvent::kPick:
    case v1::JobEvent::kPruned:
    case v1::JobEvent::kEvaluated:
    case v1::JobEvent::kWarning:
    case v1::JobEvent::kArtifactWritten:
      return true;
    default:
      return false;
  }
}

// Why a job that has run before runs again: the reason of its last return to PENDING, which stands
// near the end of its log. "retry" for all but a crash and a drain: a resume, or a log that cannot
// be read.
const char* AgainBecause(store::Store& store, const domain::Job& job) {
  constexpr int64_t kTail = 16;  // a return, an attempt started, a state change, some warnings
  const auto page = store.ReadEvents(job.name, std::max<int64_t>(0, job.last_sequence - kTail), {});
  const char* because = "retry";
  if (!page.ok()) return because;
  for (const domain::JobEvent& event : page->events) {
    if (!event.state_change.has_value() || event.state_change->to != domain::JobState::kPending) {
      continue;
    }
    const std::string& reason = event.state_change->reason;
    because = reason == domain::reason::kCrash   ? "crash"
              : reason == domain::reason::kDrain ? "drain"
                                                 : "retry";
  }
  return because;
}

}  // namespace

WorkerSession::WorkerSession(const Deps* deps, const WorkerFacts* facts, Send send,
                             BeforeAttach before_attach)
    : deps_(*deps),
      facts_(*facts),
      send_(std::move(send)),
      before_attach_(std::move(before_attach)) {}

absl::Status WorkerSession::Handle(const AttachRequest& message) {
  const bool is_hello = message.message_case() == AttachRequest::kHello;
  if (is_hello == attempt_.has_value()) {
    return ProtocolError(is_hello ? "a second Hello" : "the first message must be Hello");
  }
  switch (message.message_case()) {
    case AttachRequest::kHello:
      return HandleHello(message.hello());
    case AttachRequest::kEvent:
      return HandleEvent(message.event());
    case AttachRequest::kProgress:
      HandleProgress(message.progress());
      return absl::OkStatus();
    case AttachRequest::kCheckpoint:
      return HandleCheckpoint(message.checkpoint());
    case AttachRequest::kFinished:
      return HandleFinished(message.finished());
    case AttachRequest::kImportProgress:
      if (attempt_->kind == WorkKind::kImport) {
        deps_.progress->SetImport(attempt_->dataset_name(), message.import_progress());
      }
      return absl::OkStatus();
    case AttachRequest::kImportFinished:
      return HandleImportFinished(message.import_finished());
    case AttachRequest::kInferFinished:
      return HandleInferFinished(message.infer_finished());
    case AttachRequest::kUsage:
      HandleUsage(message.usage());
      return absl::OkStatus();
    case AttachRequest::kHeartbeat:
      return absl::OkStatus();
    case AttachRequest::MESSAGE_NOT_SET:
      break;
  }
  return ProtocolError("a message of no known kind");
}

absl::Status WorkerSession::HandleHello(const internal::v1::Hello& hello) {
  ASSIGN_OR_RETURN(const domain::AttemptId attempt, domain::ParseAttemptId(hello.attempt_id()));
  before_attach_(attempt);
  ASSIGN_OR_RETURN(const sched::AttachReply reply,
                   deps_.scheduler->OnAttached(attempt, hello.secret()));
  attempt_ = attempt;
  if (hello.version() != facts_.version || hello.plan_version() != facts_.plan_version) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the worker is of version ", hello.version(), " (plan ", hello.plan_version(),
        "), the server of version ", facts_.version, " (plan ", facts_.plan_version, ")"));
  }
  server::LogInfo("worker attached", {{"attempt", attempt.ToString()},
                                      {"pid", absl::StrCat(hello.pid())},
                                      {"instruction_set", hello.instruction_set()}});
  job_ = reply.job;
  if (attempt.kind == WorkKind::kJob) {
    const absl::Time started = job_.start_time.value_or(deps_.clock->Now());
    deps_.telemetry->OnAttemptStarted(
        job_.config.priority, attempt.number == 1 ? "first" : AgainBecause(*deps_.store, job_),
        started - job_.create_time);
  }
  schema_record_ = reply.dataset.schema;
  durable_ordinal_ = job_.last_ordinal;
  if (!reply.checkpoints.empty()) {
    checkpoint_step_ = counted_step_ = reply.checkpoints.front().step;
  }
  AttachResponse response;
  *response.mutable_assignment() = MakeAssignment(deps_, facts_, reply);
  send_(std::move(response));
  if (reply.cancel_requested) SendCommand(Command::KIND_CANCEL);
  if (reply.yield_requested) SendCommand(Command::KIND_YIELD);
  return absl::OkStatus();
}

absl::Status WorkerSession::HandleEvent(const internal::v1::EventReport& report) {
  if (!IsWorkersEvent(report.event()))
    return ProtocolError("an event that is not a worker's to report");
  v1::JobEvent event = report.event();
  event.clear_sequence();
  event.clear_event_time();
  event.clear_attempt();
  domain::WorkerEvent waiting;
  if (report.ordinal() > 0) waiting.ordinal = report.ordinal();
  waiting.payload = SerializeStable(event);
  waiting_.push_back(std::move(waiting));
  return absl::OkStatus();
}

void WorkerSession::HandleProgress(const v1::Progress& progress) {
  if (attempt_->kind != WorkKind::kJob) return;
  deps_.progress->SetJob(attempt_->job_name(), attempt_->number, deps_.clock->Now(), progress);
  const absl::Duration now = deps_.clock->Monotonic();
  const int64_t steps = std::max<int64_t>(0, progress.step() - counted_step_);
  // The rate is that of the last seconds: over the time since the note before, it gives the rows.
  const double seconds =
      last_progress_.has_value() ? absl::ToDoubleSeconds(now - *last_progress_) : 0;
  const double samples = steps > 0 ? std::max(0.0, progress.samples_per_s()) * seconds : 0;
  deps_.telemetry->OnTraining(job_.config.selector, steps, samples);
  counted_step_ = progress.step();
  last_progress_ = now;
}

void WorkerSession::HandleUsage(const internal::v1::Usage& usage) {
  const std::string& algorithm = job_.config.selector;
  for (const auto& stage : usage.stages()) {
    deps_.telemetry->OnStageEnded(algorithm, stage.name(), absl::Seconds(stage.seconds()));
  }
  for (const auto& kernel : usage.kernels()) {
    deps_.telemetry->OnKernel(kernel.name(), absl::Seconds(kernel.seconds()));
  }
  deps_.telemetry->OnCheckpointsFailed(usage.checkpoint_failures());
}

absl::Status WorkerSession::HandleCheckpoint(const internal::v1::CheckpointNotice& notice) {
  if (attempt_->kind != WorkKind::kJob) return ProtocolError("a checkpoint of what is no job");
  RETURN_IF_ERROR(StoreEvents());
  domain::Checkpoint checkpoint;
  ASSIGN_OR_RETURN(checkpoint.path, RelativePath(notice.path()));
  checkpoint.ordinal = notice.ordinal();
  checkpoint.step = notice.step();
  checkpoint.size_bytes = notice.size_bytes();
  checkpoint.sha256 = notice.sha256();
  checkpoint.plan_version = facts_.plan_version;
  RETURN_IF_ERROR(deps_.scheduler->OnCheckpoint(*attempt_, checkpoint));
  checkpoint_step_ = notice.step();
  deps_.telemetry->OnCheckpoint(notice.size_bytes(), absl::Seconds(notice.write_s()));
  v1::JobEvent event;
  auto& written = *event.mutable_checkpoint_written();
  written.set_stage(notice.stage());
  written.set_step(notice.step());
  written.set_size_bytes(notice.size_bytes());
  waiting_.push_back({std::nullopt, SerializeStable(event)});
  return StoreEvents();
}

absl::Status WorkerSession::HandleFinished(const internal::v1::Finished& finished) {
  if (attempt_->kind != WorkKind::kJob) return ProtocolError("Finished of what is no job");
  RETURN_IF_ERROR(StoreEvents());
  if (finished.ordinal() > durable_ordinal_) {
    return ProtocolError(absl::StrCat("Finished after event ", finished.ordinal(), ", but only ",
                                      durable_ordinal_, " have come"));
  }
  ASSIGN_OR_RETURN(const domain::AttemptEnd end, EndOf(finished));
  deps_.progress->ClearJob(attempt_->job_name());
  RETURN_IF_ERROR(deps_.scheduler->OnFinished(*attempt_, end));
  SendAck(/*finished=*/true);
  return absl::OkStatus();
}

absl::Status WorkerSession::HandleImportFinished(const internal::v1::ImportFinished& finished) {
  if (attempt_->kind != WorkKind::kImport)
    return ProtocolError("ImportFinished of what is no import");
  ASSIGN_OR_RETURN(const domain::ImportEnd end, EndOf(finished));
  RETURN_IF_ERROR(deps_.scheduler->OnImportFinished(*attempt_, end));
  SendAck(/*finished=*/true);
  return absl::OkStatus();
}

absl::Status WorkerSession::HandleInferFinished(const internal::v1::InferFinished& finished) {
  if (attempt_->kind != WorkKind::kInfer)
    return ProtocolError("InferFinished of what is no inference");
  absl::StatusOr<std::string> result = ProtocolError("InferFinished without an outcome");
  if (finished.outcome_case() == internal::v1::InferFinished::kInferred) {
    result = finished.inferred().SerializeAsString();
  } else if (finished.outcome_case() == internal::v1::InferFinished::kFailed) {
    result = domain::ToStatus(WorkerError(finished.failed(), WorkKind::kInfer));
  }
  RETURN_IF_ERROR(deps_.scheduler->OnInferenceResult(*attempt_, result));
  SendAck(/*finished=*/true);
  return absl::OkStatus();
}

absl::Status WorkerSession::StoreEvents() {
  if (waiting_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(deps_.scheduler->OnEvents(*attempt_, waiting_));
  for (const domain::WorkerEvent& event : waiting_) {
    if (event.ordinal.has_value()) durable_ordinal_ = std::max(durable_ordinal_, *event.ordinal);
  }
  waiting_.clear();
  SendAck(/*finished=*/false);
  return absl::OkStatus();
}

absl::Status WorkerSession::Flush() {
  if (!attempt_.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(StoreEvents());
  return deps_.scheduler->OnHeartbeat(*attempt_);
}

void WorkerSession::SendAck(bool finished) {
  AttachResponse response;
  response.mutable_ack()->set_ordinal(durable_ordinal_);
  response.mutable_ack()->set_checkpoint_step(checkpoint_step_);
  response.mutable_ack()->set_finished(finished);
  send_(std::move(response));
}

void WorkerSession::SendCommand(Command::Kind kind) {
  AttachResponse response;
  response.mutable_command()->set_kind(kind);
  send_(std::move(response));
}

void WorkerSession::Detach() {
  if (!attempt_.has_value()) return;
  if (attempt_->kind == WorkKind::kJob) deps_.progress->ClearJob(attempt_->job_name());
  if (attempt_->kind == WorkKind::kImport) deps_.progress->ClearImport(attempt_->dataset_name());
  deps_.scheduler->OnDetached(*attempt_);
}

}  // namespace winnow::rpc
