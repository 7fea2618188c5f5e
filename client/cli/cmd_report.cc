// winnow report JOB -o FILE
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/fetch_result.h"
#include "client/cli/report_page.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

struct ReportOptions {
  std::string job;
  std::string file;
};

absl::StatusOr<int> Report(Context& context, const ReportOptions& options) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const ResultJson result, FetchResult(*client, options.job));
  const std::string page = ReportPage(result);
  if (options.file == "-") {
    context.out << page;
    return kExitDone;
  }
  errno = 0;
  std::ofstream file(options.file, std::ios::binary);
  file << page;
  file.close();
  if (file.fail()) {
    return absl::InvalidArgumentError(
        absl::StrCat("-o ", options.file, ": ", std::strerror(errno)));
  }
  if (!context.options.quiet) context.err << "wrote " << options.file << "\n";
  return kExitDone;
}

}  // namespace

void AddReportCommand(CLI::App& app, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand(
      "report", "the result as one HTML page with tables and the curve of quality against size");
  command->add_option("job", options->job, "the job's name or id")->required();
  command->add_option("-o,--output", options->file, "the page to write; - for standard output")
      ->required();
  command->callback([&action, options] {
    action = [options](Context& context) { return Report(context, *options); };
  });
}

}  // namespace winnow::cli
