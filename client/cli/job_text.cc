#include "client/cli/job_text.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/cli/field_names.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cli/yaml_writer.h"
#include "google/protobuf/descriptor.h"

namespace winnow::cli {
namespace {

// Name of the member that is set of the message's first oneof.
std::string MemberName(const google::protobuf::Message& message) {
  const auto* oneof = message.GetDescriptor()->oneof_decl(0);
  const auto* field = message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
  return field == nullptr ? "-" : std::string(field->name());
}

double Seconds(const google::protobuf::Timestamp& time) {
  return static_cast<double>(time.seconds()) + time.nanos() * 1e-9;
}

void AppendLine(const std::string& key, const std::string& value, std::string& text) {
  if (!value.empty()) absl::StrAppend(&text, key, std::string(12 - key.size(), ' '), value, "\n");
}

std::string AttemptsText(const v1::Job& job) {
  std::string text;
  for (const v1::JobAttempt& attempt : job.attempts()) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", attempt.attempt(), " ");
    const bool runs = attempt.outcome() == v1::JobAttempt::OUTCOME_UNSPECIFIED;
    const auto* outcome =
        v1::JobAttempt::Outcome_descriptor()->FindValueByNumber(attempt.outcome());
    absl::StrAppend(&text, runs || outcome == nullptr ? "runs" : ShortName(*outcome));
    if (!attempt.exit().empty()) absl::StrAppend(&text, " (", attempt.exit(), ")");
  }
  return text;
}

std::string LabelsText(const v1::JobSpec& spec) {
  const std::map<std::string, std::string> labels(spec.labels().begin(), spec.labels().end());
  std::string text;
  for (const auto& [key, value] : labels) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", key, "=", value);
  }
  return text;
}

void AppendLife(const v1::Job& job, std::string& text) {
  AppendLine("created", TimeText(job.create_time()), text);
  AppendLine("started", TimeText(job.start_time()), text);
  AppendLine("ended", TimeText(job.end_time()), text);
  AppendLine("time", DurationText(job), text);
  AppendLine("attempts", AttemptsText(job), text);
  AppendLine("events", absl::StrCat(job.last_sequence()), text);
}

}  // namespace

std::string TaskName(const v1::JobSpec& spec) { return MemberName(spec); }

std::string SelectorName(const v1::Job& job) {
  return MemberName(job.has_resolved_spec() ? job.resolved_spec().selector()
                                            : job.spec().selector());
}

std::string StateText(const v1::Job& job) {
  std::string name = v1::Job::State_Name(job.state());
  if (name.rfind("STATE_", 0) == 0) name = name.substr(6);
  if (job.stopped_early()) return name + " (stopped early)";
  if (job.state() == v1::Job::STATE_RUNNING && job.stop_requested()) return name + " (stopping)";
  if (job.state() == v1::Job::STATE_RUNNING && job.pause_requested()) return name + " (pausing)";
  return name;
}

std::string DurationText(const v1::Job& job) {
  if (!job.has_start_time()) return "-";
  const double end = job.has_end_time() ? Seconds(job.end_time())
                                        : absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  return SecondsText(std::max(0.0, end - Seconds(job.start_time())));
}

std::string JobsTable(const std::vector<v1::Job>& jobs) {
  Table table;
  table.Column("JOB").Column("STATE").Column("TASK").Column("SELECTOR").Column("DATASET");
  table.Column("CREATED").Column("TIME", Table::Align::kRight);
  for (const v1::Job& job : jobs) {
    table.Row({IdOf(job.name()), StateText(job), TaskName(job.spec()), SelectorName(job),
               IdOf(job.spec().dataset()), TimeText(job.create_time()), DurationText(job)});
  }
  return table.Text();
}

std::string JobText(const v1::Job& job) {
  std::string text;
  // A dry run has neither a name nor a life.
  const bool exists = !job.name().empty();
  if (exists) AppendLine("job", job.name(), text);
  if (exists) AppendLine("state", StateText(job), text);
  AppendLine("error", job.error().message(), text);
  AppendLine("task", TaskName(job.spec()), text);
  AppendLine("selector", SelectorName(job), text);
  AppendLine("dataset", job.spec().dataset(), text);
  AppendLine("labels", LabelsText(job.spec()), text);
  if (exists) AppendLife(job, text);
  if (job.has_estimate()) {
    AppendLine("estimate",
               absl::StrCat(CountText(job.estimate().steps()), " steps, ",
                            BytesText(job.estimate().memory_bytes()), ", ",
                            SecondsText(job.estimate().duration_s())),
               text);
  }
  const v1::JobSpec& spec = job.has_resolved_spec() ? job.resolved_spec() : job.spec();
  absl::StrAppend(&text, job.has_resolved_spec() ? "resolved\n" : "spec\n");
  for (const auto line : absl::StrSplit(YamlText(spec), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
  return text;
}

}  // namespace winnow::cli
