// winnow watch JOB
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/follow.h"
#include "client/cli/interrupt.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

struct WatchCommandOptions {
  std::string job;
  int64_t from = 0;
};

absl::StatusOr<int> Watch(Context& context, const WatchCommandOptions& options) {
  Interrupt interrupt;
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const HandlerScope handler(interrupt, [&client] { client->cancellation().Cancel(); });
  FollowOptions follow;
  follow.after_sequence = options.from;
  follow.json = context.options.json;
  follow.quiet = context.options.quiet;
  ASSIGN_OR_RETURN(const v1::Job job,
                   FollowJob(*client, options.job, follow, context.out, context.err));
  return ReportEnd(context, job);
}

}  // namespace

void AddWatchCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<WatchCommandOptions>();
  CLI::App* command = app.add_subcommand(
      "watch", "follow a job to its end: live on a terminal, one line per event elsewhere");
  command->add_option("job", options->job, "the job's name or id")->required();
  command->add_option("--from", options->from, "sequence of the last event that is known already")
      ->check(CLI::NonNegativeNumber);
  command->callback([&action, options] {
    action = [options](Context& context) { return Watch(context, *options); };
  });
}

}  // namespace winnow::cli
