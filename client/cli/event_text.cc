#include "client/cli/event_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/field_names.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

std::string StateName(v1::Job::State state) {
  const auto* value = v1::Job::State_descriptor()->FindValueByNumber(state);
  return value == nullptr ? absl::StrCat("state ", static_cast<int>(state)) : ShortName(*value);
}

std::string Repeat(int32_t repeat) {
  return repeat == 0 ? "" : absl::StrCat(" (repeat ", repeat, ")");
}

std::string Text(const v1::StateChanged& change) {
  std::string text = absl::StrCat("state: ", StateName(change.to()));
  if (change.stopped_early()) absl::StrAppend(&text, ", stopped early");
  if (!change.reason().empty()) absl::StrAppend(&text, " (", change.reason(), ")");
  if (!change.error().message().empty()) absl::StrAppend(&text, ": ", change.error().message());
  return text;
}

std::string Text(const v1::AttemptStarted& attempt) {
  std::string text = absl::StrCat("attempt ", attempt.attempt(), ", ", attempt.threads(),
                                  attempt.threads() == 1 ? " thread" : " threads");
  if (attempt.from_step() > 0) {
    absl::StrAppend(&text, ", goes on from step ", CountText(attempt.from_step()));
  }
  return text;
}

std::string Text(const v1::PhaseStarted& phase) {
  std::string text = phase.name().empty() ? StageName(phase.stage()) : phase.name();
  if (phase.phases() > 1) {
    absl::StrAppend(&text, ", ", phase.phase() + 1, " of ", phase.phases());
  }
  if (phase.steps() > 0) absl::StrAppend(&text, ", ", CountText(phase.steps()), " steps");
  return text + Repeat(phase.repeat());
}

std::string Text(const v1::Pick& pick) {
  std::string text = absl::StrCat("picked ", pick.rank(), ": ", pick.candidate());
  if (pick.must_keep()) absl::StrAppend(&text, " (must keep)");
  if (pick.has_score()) absl::StrAppend(&text, ", score ", NumberText(pick.score()));
  if (pick.has_gain()) absl::StrAppend(&text, ", gain ", NumberText(pick.gain()));
  return text + Repeat(pick.repeat());
}

std::string Text(const v1::Pruned& pruned) {
  std::string text = "pruned";
  if (!pruned.layer().empty()) absl::StrAppend(&text, " ", pruned.layer());
  if (!pruned.candidate().empty()) absl::StrAppend(&text, " ", pruned.candidate());
  return absl::StrCat(text, ": ", CountText(pruned.alive()), " of ", CountText(pruned.total()),
                      absl::StrFormat(" left, sparsity %.3f", pruned.sparsity()),
                      Repeat(pruned.repeat()));
}

std::string Text(const v1::Evaluated& evaluated) {
  std::string text = absl::StrCat("measured ", evaluated.subject(), ", ", CountText(evaluated.k()),
                                  evaluated.k() == 1 ? " candidate:" : " candidates:");
  for (const v1::Metric& metric : evaluated.metrics()) {
    absl::StrAppend(&text, " ", metric.rows(), " ", metric.name(), " ",
                    metric.has_value() ? NumberText(metric.value()) : "undefined");
  }
  return text + Repeat(evaluated.repeat());
}

std::string Text(const v1::CheckpointWritten& checkpoint) {
  return absl::StrCat("checkpoint at step ", CountText(checkpoint.step()), ", ",
                      BytesText(checkpoint.size_bytes()));
}

std::string Text(const v1::Warning& warning) {
  return absl::StrCat("warning: ", warning.message(),
                      warning.code().empty() ? "" : absl::StrCat(" (", warning.code(), ")"));
}

std::string Text(const v1::ArtifactWritten& written) {
  return absl::StrCat("written: ", IdOf(written.artifact().name()), ", ",
                      BytesText(written.artifact().size_bytes()));
}

std::string RawText(const v1::JobEvent& event) {
  switch (event.event_case()) {
    case v1::JobEvent::kStateChanged:
      return Text(event.state_changed());
    case v1::JobEvent::kAttemptStarted:
      return Text(event.attempt_started());
    case v1::JobEvent::kPhaseStarted:
      return Text(event.phase_started());
    case v1::JobEvent::kPick:
      return Text(event.pick());
    case v1::JobEvent::kPruned:
      return Text(event.pruned());
    case v1::JobEvent::kEvaluated:
      return Text(event.evaluated());
    case v1::JobEvent::kCheckpointWritten:
      return Text(event.checkpoint_written());
    case v1::JobEvent::kWarning:
      return Text(event.warning());
    case v1::JobEvent::kArtifactWritten:
      return Text(event.artifact_written());
    default:
      return "(unknown event)";
  }
}

}  // namespace

std::string StageName(v1::Stage stage) {
  const auto* value = v1::Stage_descriptor()->FindValueByNumber(stage);
  return value == nullptr ? absl::StrCat("stage ", static_cast<int>(stage)) : ShortName(*value);
}

std::string EventText(const v1::JobEvent& event) {
  std::string text = RawText(event);
  // Names of candidates come from users' files.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; },
      ' ');
  return text;
}

std::string EventLine(const v1::JobEvent& event) {
  return absl::StrFormat("%5d  %s", event.sequence(), EventText(event));
}

}  // namespace winnow::cli
