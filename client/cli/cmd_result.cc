// winnow result JOB
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/fetch_result.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

struct ResultOptions {
  std::string job;
  bool csv = false;
  bool names = false;
};

absl::StatusOr<int> Result(Context& context, const ResultOptions& options) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const ResultJson result, FetchResult(*client, options.job));
  if (options.csv) {
    context.out << ResultCsv(result);
  } else if (options.names) {
    context.out << ResultNames(result);
  } else if (context.options.json) {
    context.out << result.dump(2) << "\n";
  } else {
    context.out << ResultText(result);
  }
  return kExitDone;
}

}  // namespace

void AddResultCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<ResultOptions>();
  CLI::App* command =
      app.add_subcommand("result", "picks in order, quality beside the controls and against size");
  command->add_option("job", options->job, "the job's name or id")->required();
  CLI::Option* csv = command->add_flag("--csv", options->csv, "the picks as CSV");
  command->add_flag("--names", options->names, "the selected names alone, one a line")
      ->excludes(csv);
  command->callback([&action, options] {
    action = [options](Context& context) { return Result(context, *options); };
  });
}

}  // namespace winnow::cli
