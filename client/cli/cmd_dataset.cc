// winnow dataset import | infer | list | show | delete
#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/dataset_text.h"
#include "client/cli/exit_status.h"
#include "client/cli/import_dataset.h"
#include "client/cli/interrupt.h"
#include "client/cli/proto_json.h"
#include "client/cli/yaml_writer.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

constexpr size_t kSummaryColumns = 40;
constexpr size_t kAllColumns = static_cast<size_t>(-1);

absl::StatusOr<int> Import(Context& context, const ImportRequest& request) {
  Interrupt interrupt;
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const HandlerScope handler(interrupt, [&client] { client->cancellation().Cancel(); });
  ASSIGN_OR_RETURN(const v1::Dataset dataset, ImportDataset(context, *client, request));
  if (context.options.json) {
    context.out << JsonText(dataset);
  } else if (!context.options.quiet) {
    context.out << DatasetText(dataset, kSummaryColumns);
  }
  return kExitDone;
}

bool IsLocal(const std::string& server) {
  return absl::StartsWith(server, "unix:") || absl::StartsWith(server, "localhost:") ||
         absl::StartsWith(server, "127.") || absl::StartsWith(server, "[::1]");
}

// A server on this machine may read the file in place.
absl::StatusOr<v1::InferSchemaResponse> InferInPlace(client::Client& client,
                                                     const ImportRequest& request) {
  v1::InferSchemaRequest infer;
  ASSIGN_OR_RETURN(const v1::DatasetSchema schema, SchemaOf(request));
  if (schema.ByteSizeLong() > 0) *infer.mutable_schema() = schema;
  for (const std::string& file : request.files) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::canonical(file, error);
    if (error) return absl::NotFoundError(absl::StrCat(file, ": ", error.message()));
    v1::DatasetFile& declared = *infer.add_files();
    declared.set_filename(path.filename().string());
    declared.set_local_path(path.string());
  }
  return client.InferSchema(infer);
}

// Whether the server will not read files of this machine, as against having read and refused one.
bool CannotReadInPlace(const absl::Status& error) {
  const client::Error refusal = client::ErrorOf(error);
  const bool names_path = std::any_of(
      refusal.violations.begin(), refusal.violations.end(),
      [](const auto& violation) { return absl::EndsWith(violation.path, ".local_path"); });
  return refusal.code == absl::StatusCode::kUnimplemented || refusal.reason == "PATH_NOT_ALLOWED" ||
         names_path;
}

// A server elsewhere gets the file as a dataset, which is deleted again.
absl::StatusOr<v1::InferSchemaResponse> InferByImport(const Context& context,
                                                      client::Client& client,
                                                      ImportRequest request) {
  request.id = absl::StrCat("infer-", client::NewRequestId().substr(0, 8));
  ASSIGN_OR_RETURN(const v1::Dataset dataset, ImportDataset(context, client, request));
  v1::InferSchemaResponse response;
  *response.mutable_schema() = dataset.resolved_schema();
  *response.mutable_warnings() = dataset.warnings();
  response.set_sampled_rows(dataset.profile().rows());
  RETURN_IF_ERROR(client.DeleteDataset(dataset.name()));
  return response;
}

absl::StatusOr<int> Infer(Context& context, const ImportRequest& request) {
  Interrupt interrupt;
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  const HandlerScope handler(interrupt, [&client] { client->cancellation().Cancel(); });
  absl::StatusOr<v1::InferSchemaResponse> response = absl::UnimplementedError("not local");
  if (IsLocal(context.options.server)) response = InferInPlace(*client, request);
  if (!response.ok() && CannotReadInPlace(response.status())) {
    response = InferByImport(context, *client, request);
  }
  if (!response.ok()) return response.status();
  if (context.options.json) {
    context.out << JsonText(*response);
    return kExitDone;
  }
  context.out << YamlText(response->schema());
  for (const std::string& warning : response->warnings()) {
    context.err << "warning: " << warning << "\n";
  }
  return kExitDone;
}

absl::StatusOr<int> List(Context& context) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const std::vector<v1::Dataset> datasets, client->ListDatasets(""));
  if (!context.options.json) {
    context.out << DatasetsTable(datasets);
    return kExitDone;
  }
  std::vector<const google::protobuf::Message*> messages;
  for (const v1::Dataset& dataset : datasets) messages.push_back(&dataset);
  context.out << JsonList("datasets", messages);
  return kExitDone;
}

absl::StatusOr<int> Show(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Dataset dataset, client->GetDataset(name));
  context.out << (context.options.json ? JsonText(dataset) : DatasetText(dataset, kAllColumns));
  return kExitDone;
}

absl::StatusOr<int> Delete(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  RETURN_IF_ERROR(client->DeleteDataset(name));
  return kExitDone;
}

void AddImport(CLI::App& group, Action& action) {
  auto request = std::make_shared<ImportRequest>();
  CLI::App* command = group.add_subcommand("import", "upload files and import them as one table");
  command->add_option("file", request->files, "files of the table, in the order of their rows")
      ->required();
  command->add_option("--id", request->id, "id of the new dataset")->required();
  command->add_option("--schema", request->schema_file, "how to read the files (YAML or JSON)");
  command->add_option("--test-file", request->test_file, "file whose rows are the test rows");
  command->add_option("--target", request->target, "column that is predicted");
  command->callback([&action, request] {
    action = [request](Context& context) { return Import(context, *request); };
  });
}

void AddInfer(CLI::App& group, Action& action) {
  auto request = std::make_shared<ImportRequest>();
  CLI::App* command = group.add_subcommand("infer", "print the schema that a file seems to have");
  command->add_option("file", request->files, "files of the table")->required();
  command->add_option("--schema", request->schema_file, "what is known already; kept as it is");
  command->add_option("--target", request->target, "column that is predicted");
  command->callback([&action, request] {
    action = [request](Context& context) { return Infer(context, *request); };
  });
}

}  // namespace

void AddDatasetCommand(CLI::App& app, Action& action) {
  CLI::App* group = app.add_subcommand("dataset", "import, infer, list, show, delete");
  group->require_subcommand(1);
  AddImport(*group, action);
  AddInfer(*group, action);
  group->add_subcommand("list", "list datasets, newest first")->callback([&action] {
    action = &List;
  });
  auto name = std::make_shared<std::string>();
  CLI::App* show = group->add_subcommand("show", "one dataset with its columns");
  show->add_option("dataset", *name, "the dataset's name or id")->required();
  show->callback(
      [&action, name] { action = [name](Context& context) { return Show(context, *name); }; });
  CLI::App* remove = group->add_subcommand("delete", "remove a dataset and its table");
  remove->add_option("dataset", *name, "the dataset's name or id")->required();
  remove->callback(
      [&action, name] { action = [name](Context& context) { return Delete(context, *name); }; });
}

}  // namespace winnow::cli
