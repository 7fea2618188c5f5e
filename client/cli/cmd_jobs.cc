// winnow jobs, winnow show
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/job_text.h"
#include "client/cli/proto_json.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

struct JobsOptions {
  std::string state;
  std::vector<std::string> labels;
};

// A value in the quotes of the service's filters.
std::string Quoted(const std::string& value) {
  std::string quoted = "\"";
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "\"";
}

absl::StatusOr<std::string> FilterOf(const JobsOptions& options) {
  std::string filter;
  if (!options.state.empty()) {
    absl::StrAppend(&filter, "state=", Quoted(absl::AsciiStrToUpper(options.state)));
  }
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("--label ", label, ": expected KEY=VALUE"));
    }
    absl::StrAppend(&filter, filter.empty() ? "" : " AND ", "labels.", label.substr(0, equals), "=",
                    Quoted(label.substr(equals + 1)));
  }
  return filter;
}

absl::StatusOr<int> ListJobs(Context& context, const JobsOptions& options) {
  ASSIGN_OR_RETURN(const std::string filter, FilterOf(options));
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, client->ListJobs(filter));
  if (!context.options.json) {
    context.out << JobsTable(jobs);
    return kExitDone;
  }
  std::vector<const google::protobuf::Message*> messages;
  for (const v1::Job& job : jobs) messages.push_back(&job);
  context.out << JsonList("jobs", messages);
  return kExitDone;
}

absl::StatusOr<int> ShowJob(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job, client->GetJob(name));
  context.out << (context.options.json ? JsonText(job) : JobText(job));
  return kExitDone;
}

}  // namespace

void AddJobsCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<JobsOptions>();
  CLI::App* command = app.add_subcommand("jobs", "list jobs, newest first");
  command->add_option("--state", options->state, "only jobs in this state: running, ...");
  command->add_option("--label", options->labels, "only jobs with this label: KEY=VALUE")
      ->allow_extra_args(false);
  command->callback([&action, options] {
    action = [options](Context& context) { return ListJobs(context, *options); };
  });
}

void AddShowCommand(CLI::App& app, Action& action) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("show", "one job with its settings");
  command->add_option("job", *name, "the job's name or id")->required();
  command->callback(
      [&action, name] { action = [name](Context& context) { return ShowJob(context, *name); }; });
}

}  // namespace winnow::cli
