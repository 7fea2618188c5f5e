// winnow cancel | stop | pause | resume | delete JOB
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/proto_json.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

using JobCall = absl::StatusOr<v1::Job> (client::Client::*)(const std::string&);

absl::StatusOr<int> Control(Context& context, const std::string& name, JobCall call) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Job job, (client.get()->*call)(name));
  if (context.options.json) {
    context.out << JsonText(job);
  } else if (!context.options.quiet) {
    context.err << job.name() << ": " << v1::Job::State_Name(job.state()) << "\n";
  }
  return kExitDone;
}

void AddControl(CLI::App& app, Action& action, const char* verb, const char* help, JobCall call) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(verb, help);
  command->add_option("job", *name, "the job's name or id")->required();
  command->callback([&action, name, call] {
    action = [name, call](Context& context) { return Control(context, *name, call); };
  });
}

absl::StatusOr<int> Delete(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  RETURN_IF_ERROR(client->DeleteJob(name));
  return kExitDone;
}

}  // namespace

void AddControlCommands(CLI::App& app, Action& action) {
  using client::Client;
  AddControl(app, action, "cancel", "end a job now, without a result", &Client::CancelJob);
  AddControl(app, action, "stop", "end a running job early with its best so far", &Client::StopJob);
  AddControl(app, action, "pause", "checkpoint a running job and free its slots",
             &Client::PauseJob);
  AddControl(app, action, "resume", "queue a paused job again", &Client::ResumeJob);
  auto name = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("delete", "remove a finished job with its events and artifacts");
  command->add_option("job", *name, "the job's name or id")->required();
  command->callback(
      [&action, name] { action = [name](Context& context) { return Delete(context, *name); }; });
}

}  // namespace winnow::cli
