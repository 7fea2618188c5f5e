#include "client/cli/app.h"

#include <algorithm>

#include "CLI/CLI.hpp"
#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/error_text.h"
#include "client/cli/exit_status.h"

namespace winnow::cli {
namespace {

constexpr char kAbout[] =
    "Winnow chooses features, embedding dimensions and weight blocks.\n"
    "Exit status: 0 done; 1 the job failed or was cancelled; 2 bad usage or refused request; 3 "
    "server "
    "not reachable.";

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  app.add_option("--server", options.server, "host:port, or unix:/path")
      ->envname("WINNOW_SERVER")
      ->capture_default_str();
  app.add_option("--token-file", options.token_file, "file that holds a bearer token");
  app.add_option("--ca", options.ca_file, "PEM file of the authority that signed the server; TLS");
  app.add_option("--cert", options.certificate_file, "PEM file of the client's certificate; TLS");
  app.add_option("--key", options.key_file, "PEM file of the client's key; TLS");
  app.add_flag("--json", options.json, "results and errors as JSON");
  app.add_flag("--quiet", options.quiet, "no progress");
}

void AddCommands(CLI::App& app, Action& action) {
  AddDatasetCommand(app, action);
  AddSubmitCommand(app, action);
  AddWatchCommand(app, action);
  AddJobsCommand(app, action);
  AddShowCommand(app, action);
  AddControlCommands(app, action);
  AddResultCommand(app, action);
  AddReportCommand(app, action);
  AddArtifactCommands(app, action);
  AddAlgorithmsCommand(app, action);
  AddRunCommand(app, action);
}

int Fail(const absl::Status& error, const Context& context) {
  context.err << (context.options.json ? ErrorJson(error)
                                       : ErrorText(error, context.options.server));
  return ExitStatusOf(error);
}

}  // namespace

int RunMain(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Context context{{}, out, err};
  Action action;
  CLI::App app(kAbout, "winnow");
  app.set_version_flag("--version", "winnow " WINNOW_VERSION);
  app.fallthrough();  // global options may follow the command
  app.require_subcommand(1);
  AddGlobalOptions(app, context.options);
  AddCommands(app, action);
  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request, out, err);
  } catch (const CLI::ParseError& error) {
    context.options.json = std::count(arguments.begin(), arguments.end(), "--json") > 0;
    return Fail(absl::InvalidArgumentError(std::string(error.what()) + " (winnow --help)"),
                context);
  }
  const absl::StatusOr<int> status = action(context);
  out.flush();
  return status.ok() ? *status : Fail(status.status(), context);
}

}  // namespace winnow::cli
