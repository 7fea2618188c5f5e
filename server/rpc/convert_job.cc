// Jobs, attempts and events as the contract has them.
#include "server/base/status.h"
#include "server/domain/attempt_end.h"
#include "server/rpc/convert.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {
namespace {

struct OutcomeRow {
  domain::AttemptOutcome outcome;
  v1::JobAttempt::Outcome proto;
};
constexpr OutcomeRow kOutcomes[] = {
    {domain::AttemptOutcome::kSucceeded, v1::JobAttempt::OUTCOME_SUCCEEDED},
    {domain::AttemptOutcome::kFailed, v1::JobAttempt::OUTCOME_FAILED},
    {domain::AttemptOutcome::kYielded, v1::JobAttempt::OUTCOME_YIELDED},
    {domain::AttemptOutcome::kCrashed, v1::JobAttempt::OUTCOME_CRASHED},
    {domain::AttemptOutcome::kInterrupted, v1::JobAttempt::OUTCOME_INTERRUPTED},
    {domain::AttemptOutcome::kCancelled, v1::JobAttempt::OUTCOME_CANCELLED},
};

v1::JobAttempt AttemptToProto(const domain::Attempt& attempt) {
  v1::JobAttempt to;
  to.set_attempt(attempt.number);
  *to.mutable_start_time() = TimeToProto(attempt.start_time);
  if (attempt.end_time.has_value()) *to.mutable_end_time() = TimeToProto(*attempt.end_time);
  for (const OutcomeRow& row : kOutcomes) {
    if (attempt.outcome == domain::AttemptOutcomeName(row.outcome)) to.set_outcome(row.proto);
  }
  if (attempt.exit.has_value()) to.set_exit(attempt.exit->ToString());
  return to;
}

void FillTimes(const domain::Job& job, v1::Job& to) {
  *to.mutable_create_time() = TimeToProto(job.create_time);
  *to.mutable_update_time() = TimeToProto(job.update_time);
  if (job.start_time.has_value()) *to.mutable_start_time() = TimeToProto(*job.start_time);
  if (job.end_time.has_value()) *to.mutable_end_time() = TimeToProto(*job.end_time);
}

v1::StateChanged StateChangeToProto(const domain::JobName& job, const domain::StateChange& change) {
  v1::StateChanged to;
  if (change.from.has_value()) to.set_from(StateToProto(*change.from));
  to.set_to(StateToProto(change.to));
  to.set_reason(change.reason);
  if (change.error.has_value()) *to.mutable_error() = ToRpcStatus(*change.error);
  for (const domain::Artifact& artifact : change.artifacts) {
    *to.add_artifacts() = ArtifactToProto(job, artifact);
  }
  to.set_stopped_early(change.stopped_early);
  return to;
}

}  // namespace

v1::Job::State StateToProto(domain::JobState state) {
  switch (state) {
    case domain::JobState::kPending:
      return v1::Job::STATE_PENDING;
    case domain::JobState::kRunning:
      return v1::Job::STATE_RUNNING;
    case domain::JobState::kPaused:
      return v1::Job::STATE_PAUSED;
    case domain::JobState::kCancelling:
      return v1::Job::STATE_CANCELLING;
    case domain::JobState::kSucceeded:
      return v1::Job::STATE_SUCCEEDED;
    case domain::JobState::kFailed:
      return v1::Job::STATE_FAILED;
    case domain::JobState::kCancelled:
      return v1::Job::STATE_CANCELLED;
  }
  return v1::Job::STATE_UNSPECIFIED;
}

absl::StatusOr<v1::Job> JobToProto(const domain::Job& job, View view,
                                   const std::vector<domain::Attempt>& attempts) {
  const std::string name = job.name.ToString();
  internal::v1::JobRecord record;
  RETURN_IF_ERROR(ParseStored(job.config.plan, "record of " + name, &record));
  v1::Job to;
  to.set_name(name);
  *to.mutable_spec() = record.requested_spec();
  to.set_state(StateToProto(job.state));
  to.set_attempt(job.attempt);
  if (job.error.has_value()) *to.mutable_error() = ToRpcStatus(*job.error);
  to.set_last_sequence(job.last_sequence);
  FillTimes(job, to);
  to.set_plan_version(job.config.plan_version);
  to.set_dataset_sha256(job.config.dataset_sha256);
  *to.mutable_estimate() = record.estimate();
  to.set_stop_requested(job.stop_requested);
  to.set_pause_requested(job.pause_requested);
  to.set_stopped_early(job.stopped_early);
  to.set_etag(Etag(job.revision));
  if (view == View::kFull) {
    RETURN_IF_ERROR(
        ParseStored(job.config.spec, "resolved spec of " + name, to.mutable_resolved_spec()));
    for (const domain::Attempt& attempt : attempts) *to.add_attempts() = AttemptToProto(attempt);
  }
  return to;
}

absl::StatusOr<v1::JobEvent> EventToProto(const domain::JobName& job,
                                          const domain::JobEvent& event) {
  v1::JobEvent to;
  switch (event.kind) {
    case domain::EventKind::kWorker:
      RETURN_IF_ERROR(ParseStored(event.payload, "event of " + job.ToString(), &to));
      break;
    case domain::EventKind::kStateChanged:
      *to.mutable_state_changed() = StateChangeToProto(job, *event.state_change);
      break;
    case domain::EventKind::kAttemptStarted: {
      auto& started = *to.mutable_attempt_started();
      started.set_attempt(event.attempt_started->attempt);
      started.set_from_step(event.attempt_started->from_step);
      started.set_threads(event.attempt_started->threads);
      break;
    }
  }
  to.set_sequence(event.sequence);
  *to.mutable_event_time() = TimeToProto(event.time);
  to.set_attempt(event.attempt);
  return to;
}

}  // namespace winnow::rpc
