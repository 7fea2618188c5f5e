// winnow run JOB.yaml --data FILE...
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/dataset_text.h"
#include "client/cli/exit_status.h"
#include "client/cli/fetch_result.h"
#include "client/cli/follow.h"
#include "client/cli/import_dataset.h"
#include "client/cli/interrupt.h"
#include "client/cli/private_server.h"
#include "client/cli/spec_file.h"
#include "client/cli/text.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

constexpr size_t kSummaryColumns = 10;
constexpr absl::Duration kCancelLimit = absl::Seconds(5);

struct RunOptions {
  std::string file;
  std::vector<std::string> overrides;
  ImportRequest data;
  bool keep_dir = false;
};

// After Ctrl-C, by a client of its own: asks for the end of the job and waits for it a little.
void CancelJob(const Context& context, const std::string& job) {
  const auto client = context.Connect();
  if (!client.ok() || !(*client)->CancelJob(job).ok()) return;
  const absl::Time limit = absl::Now() + kCancelLimit;
  while (absl::Now() < limit) {
    const absl::StatusOr<v1::Job> now = (*client)->GetJob(job);
    if (!now.ok() || client::IsTerminal(now->state())) break;
    if (!(*client)->cancellation().Pause(absl::Milliseconds(50)).ok()) break;
  }
  context.err << "interrupted: " << IdOf(job) << " was cancelled\n";
}

absl::StatusOr<int> RunJob(Context& context, client::Client& client, const Interrupt& interrupt,
                           const v1::JobSpec& spec) {
  v1::CreateJobRequest request;
  *request.mutable_job()->mutable_spec() = spec;
  request.set_request_id(client::NewRequestId());
  ASSIGN_OR_RETURN(const v1::Job job, client.CreateJob(request));
  FollowOptions follow;
  follow.quiet = context.options.quiet;
  const absl::StatusOr<v1::Job> ended =
      FollowJob(client, job.name(), follow, context.err, context.err);
  if (interrupt.is_interrupted()) {
    CancelJob(context, job.name());
    return kExitJobFailed;
  }
  if (!ended.ok()) return ended.status();
  if (ended->state() == v1::Job::STATE_SUCCEEDED) {
    ASSIGN_OR_RETURN(const ResultJson result, FetchResult(client, job.name()));
    context.out << (context.options.json ? result.dump(2) + "\n" : ResultText(result));
  }
  return ReportEnd(context, *ended);
}

absl::StatusOr<int> RunOn(Context& context, PrivateServer& server, const Interrupt& interrupt,
                          client::Client& client, const RunOptions& options, v1::JobSpec spec) {
  RETURN_IF_ERROR(server.WaitUntilReady(client));
  ImportRequest data = options.data;
  data.id = spec.dataset().empty() ? "data" : IdOf(spec.dataset());
  ASSIGN_OR_RETURN(const v1::Dataset dataset, ImportDataset(context, client, data));
  if (!context.options.quiet) context.err << DatasetText(dataset, kSummaryColumns);
  spec.set_dataset(dataset.name());
  return RunJob(context, client, interrupt, spec);
}

absl::StatusOr<int> Run(Context& context, const RunOptions& options) {
  v1::JobSpec spec;
  RETURN_IF_ERROR(LoadSpecFile(options.file, options.overrides, spec));
  RETURN_IF_ERROR(SchemaOf(options.data).status());  // before a server is started for nothing
  Interrupt interrupt;
  ASSIGN_OR_RETURN(const auto folder, ScratchFolder::Make());
  if (options.keep_dir) {
    folder->Keep();
    context.err << "the server's data stay in " << folder->path() << "\n";
  }
  ASSIGN_OR_RETURN(const auto server, PrivateServer::Start(folder->path()));
  context.options.server = server->address();
  context.options.token_file.clear();
  context.options.ca_file.clear();
  context.options.certificate_file.clear();
  context.options.key_file.clear();
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const HandlerScope handler(interrupt, [&client] { client->cancellation().Cancel(); });
  return RunOn(context, *server, interrupt, *client, options, std::move(spec));
}

}  // namespace

void AddRunCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand(
      "run", "everything in one command: a private server, import, selection, result");
  command->add_option("job", options->file, "job file (YAML or JSON); - is standard input")
      ->required();
  command->add_option("--data", options->data.files, "files of the table")->required();
  command->add_option("--schema", options->data.schema_file, "how to read them (YAML or JSON)");
  command->add_option("--test-file", options->data.test_file, "file whose rows are the test rows");
  command->add_option("--target", options->data.target, "column that is predicted");
  command
      ->add_option("--set", options->overrides, "change the job: PATH=VALUE, as in training.seed=3")
      ->allow_extra_args(false);
  command->add_flag("--keep-dir", options->keep_dir, "do not remove the private server's data");
  command->callback([&action, options] {
    action = [options](Context& context) { return Run(context, *options); };
  });
}

}  // namespace winnow::cli
