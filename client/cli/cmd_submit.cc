// winnow submit JOB.yaml
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/check_spec.h"
#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/fetch_result.h"
#include "client/cli/follow.h"
#include "client/cli/interrupt.h"
#include "client/cli/job_text.h"
#include "client/cli/proto_json.h"
#include "client/cli/spec_file.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

struct SubmitOptions {
  std::string file;
  std::vector<std::string> overrides;
  std::string request_id;
  bool watch = false;
  bool dry_run = false;
};

// Follows the job; Ctrl-C leaves it running. The job's name stays the last line of standard output.
absl::StatusOr<int> WatchSubmitted(Context& context, client::Client& client, const v1::Job& job,
                                   const Interrupt& interrupt) {
  FollowOptions follow;
  follow.quiet = context.options.quiet;
  const absl::StatusOr<v1::Job> ended =
      FollowJob(client, job.name(), follow, context.err, context.err);
  if (interrupt.is_interrupted()) {
    context.out << job.name() << "\n";
    context.err << "the job goes on; to follow it again: winnow watch " << job.name() << "\n";
    return kExitJobFailed;
  }
  if (!ended.ok()) return ended.status();
  const bool has_table =
      ended->state() == v1::Job::STATE_SUCCEEDED && !context.options.quiet && !context.options.json;
  if (has_table) {
    ASSIGN_OR_RETURN(const ResultJson result, FetchResult(client, job.name()));
    context.out << ResultText(result) << "\n";
  }
  context.out << (context.options.json ? JsonText(*ended) : job.name() + "\n");
  return ReportEnd(context, *ended);
}

absl::StatusOr<int> Submit(Context& context, const SubmitOptions& options) {
  v1::CreateJobRequest request;
  const absl::Status form =
      LoadSpecFile(options.file, options.overrides, *request.mutable_job()->mutable_spec());
  request.set_request_id(options.request_id.empty() ? client::NewRequestId() : options.request_id);
  request.set_validate_only(options.dry_run);
  Interrupt interrupt;
  // Mistakes in the file matter more than a server that is not there.
  absl::StatusOr<std::unique_ptr<client::Client>> connected = context.Connect();
  if (!form.ok() && !connected.ok()) return form;
  ASSIGN_OR_RETURN(const auto client, std::move(connected));
  const HandlerScope handler(interrupt, [&client] { client->cancellation().Cancel(); });
  if (!form.ok()) return WithServersViolations(form, options.file, request, *client);
  ASSIGN_OR_RETURN(const v1::Job job, client->CreateJob(request));
  if (options.dry_run) {
    context.out << (context.options.json ? JsonText(job) : JobText(job));
    return kExitDone;
  }
  if (options.watch) {
    if (!context.options.quiet) context.err << "submitted " << job.name() << "\n";
    return WatchSubmitted(context, *client, job, interrupt);
  }
  context.out << (context.options.json ? JsonText(job) : job.name() + "\n");
  return kExitDone;
}

}  // namespace

void AddSubmitCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<SubmitOptions>();
  CLI::App* command = app.add_subcommand("submit", "queue a job; prints its name");
  command->add_option("job", options->file, "job file (YAML or JSON); - is standard input")
      ->required();
  command
      ->add_option("--set", options->overrides, "change the job: PATH=VALUE, as in training.seed=3")
      ->allow_extra_args(false);
  command->add_option("--request-id", options->request_id,
                      "UUID; a second submit with the same one gives the same job");
  command->add_flag("--watch", options->watch,
                    "follow it to its end and print the result; Ctrl-C leaves it running");
  command->add_flag("--dry-run", options->dry_run, "check it, and show all settings and the cost");
  command->callback([&action, options] {
    action = [options](Context& context) { return Submit(context, *options); };
  });
}

}  // namespace winnow::cli
