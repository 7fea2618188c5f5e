// winnow artifacts JOB, winnow download JOB ARTIFACT, winnow logs JOB
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/proto_json.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cpp/download.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

constexpr char kLog[] = "worker.log";

absl::StatusOr<int> ListArtifacts(Context& context, const std::string& job) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client->ListArtifacts(job));
  if (context.options.json) {
    std::vector<const google::protobuf::Message*> messages;
    for (const v1::Artifact& artifact : artifacts) messages.push_back(&artifact);
    context.out << JsonList("artifacts", messages);
    return kExitDone;
  }
  Table table;
  table.Column("ARTIFACT").Column("SIZE", Table::Align::kRight).Column("SHA-256").Column("WRITTEN");
  for (const v1::Artifact& artifact : artifacts) {
    table.Row({IdOf(artifact.name()), BytesText(artifact.size_bytes()),
               artifact.sha256().empty() ? "(still grows)" : artifact.sha256().substr(0, 12),
               TimeText(artifact.create_time())});
  }
  context.out << table.Text();
  return kExitDone;
}

struct DownloadOptions {
  std::string job, artifact, output;
};

absl::StatusOr<int> Download(Context& context, const DownloadOptions& options) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const std::string name = client::ArtifactName(options.job, options.artifact);
  if (options.output == "-") {
    ASSIGN_OR_RETURN(const std::string content, client::DownloadText(*client, name));
    context.out << content;
    return kExitDone;
  }
  const std::string path = options.output.empty() ? options.artifact : options.output;
  RETURN_IF_ERROR(client::DownloadFile(*client, name, path));
  if (!context.options.quiet) context.err << "written: " << path << "\n";
  return kExitDone;
}

absl::StatusOr<int> Logs(Context& context, const std::string& job) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const absl::StatusOr<std::string> log =
      client::DownloadText(*client, client::ArtifactName(job, kLog));
  if (log.status().code() == absl::StatusCode::kUnimplemented) {
    return client::Annotate(log.status(), "this server does not hand out logs of workers");
  }
  if (!log.ok()) return log.status();
  context.out << *log;
  return kExitDone;
}

}  // namespace

void AddArtifactCommands(CLI::App& app, Action& action) {
  auto options = std::make_shared<DownloadOptions>();
  CLI::App* list = app.add_subcommand("artifacts", "list the files of a job");
  list->add_option("job", options->job, "the job's name or id")->required();
  list->callback([&action, options] {
    action = [options](Context& context) { return ListArtifacts(context, options->job); };
  });

  CLI::App* download = app.add_subcommand("download", "copy a file of a job");
  download->add_option("job", options->job, "the job's name or id")->required();
  download->add_option("artifact", options->artifact, "its id, as in selection.json")->required();
  download->add_option("-o,--output", options->output,
                       "where to write it; - is standard output. Default: its id in this folder");
  download->callback([&action, options] {
    action = [options](Context& context) { return Download(context, *options); };
  });

  CLI::App* logs = app.add_subcommand("logs", "what the job's worker wrote");
  logs->add_option("job", options->job, "the job's name or id")->required();
  logs->callback([&action, options] {
    action = [options](Context& context) { return Logs(context, options->job); };
  });
}

}  // namespace winnow::cli
