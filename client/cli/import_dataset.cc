#include "client/cli/import_dataset.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/live_screen.h"
#include "client/cli/spec_file.h"
#include "client/cli/terminal.h"
#include "client/cli/text.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"
#include "client/cpp/upload.h"

namespace winnow::cli {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(150);  // an import has no event stream
constexpr absl::Duration kPatience = absl::Seconds(60);            // without a server

// One line in place on a terminal, nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(const Context& context) : terminal_(TerminalOf(context.err)) {
    if (terminal_.is_live && !context.options.quiet) screen_.emplace(context.err);
  }

  void Show(const std::string& text) {
    const absl::Time now = absl::Now();
    if (!screen_ || now - shown_ < absl::Milliseconds(100)) return;
    shown_ = now;
    screen_->Draw({Clip(text, terminal_.width() - 1)});
  }

 private:
  const Terminal terminal_;
  std::optional<LiveScreen> screen_;
  absl::Time shown_ = absl::InfinitePast();
};

struct LocalFile {
  std::string path;
  v1::DatasetFile::Role role;
};

std::vector<LocalFile> LocalFiles(const ImportRequest& request) {
  std::vector<LocalFile> files;
  for (const std::string& path : request.files) {
    files.push_back({path, v1::DatasetFile::ROLE_TRAIN});
  }
  if (!request.test_file.empty()) {
    files.push_back({request.test_file, v1::DatasetFile::ROLE_TEST});
  }
  return files;
}

// What ended the import is the input's fault, whatever the code of the importer: exit status 2.
absl::Status Refusal(const absl::Status& error) {
  client::Error refusal = client::ErrorOf(error);
  if (client::IsUnreachable(error) || error.code() == absl::StatusCode::kCancelled) {
    refusal.code = absl::StatusCode::kFailedPrecondition;
  }
  return client::ToStatus(refusal);
}

absl::StatusOr<v1::Dataset> WaitForImport(client::Client& client, const std::string& name,
                                          ProgressLine& line) {
  absl::Time lost_since = absl::InfiniteFuture();
  while (true) {
    absl::StatusOr<v1::Dataset> dataset = client.GetDataset(name);
    const absl::Time now = absl::Now();
    if (dataset.ok()) {
      lost_since = absl::InfiniteFuture();
      if (dataset->state() == v1::Dataset::STATE_ACTIVE) return dataset;
      if (dataset->state() == v1::Dataset::STATE_FAILED) {
        const absl::Status error = client::FromRpc(dataset->error());
        return error.ok() ? absl::UnknownError(name + ": the import failed without a reason")
                          : Refusal(error);
      }
      const v1::ImportProgress& progress = dataset->import_progress();
      line.Show(absl::StrFormat("importing %3d%%  %s rows",
                                static_cast<int>(progress.fraction() * 100),
                                CountText(progress.rows_read())));
    } else {
      lost_since = std::min(lost_since, now);
      const bool patient = client::IsUnreachable(dataset.status()) && now - lost_since < kPatience;
      if (!patient) return dataset.status();
    }
    RETURN_IF_ERROR(client.cancellation().Pause(kPollInterval));
  }
}

absl::StatusOr<v1::Dataset> UploadAndWait(const Context& context, client::Client& client,
                                          const v1::Dataset& created,
                                          const std::vector<LocalFile>& files) {
  ProgressLine line(context);
  for (size_t i = 0; i < files.size(); ++i) {
    const int64_t size = created.files(static_cast<int>(i)).size_bytes();
    client::UploadOptions options;
    options.progress = [&](int64_t sent) {
      line.Show(absl::StrFormat("uploading %s  %3d%% of %s", files[i].path,
                                size > 0 ? static_cast<int>(100 * sent / size) : 100,
                                BytesText(size)));
    };
    RETURN_IF_ERROR(
        client::UploadFile(client, created.name(), static_cast<int>(i), files[i].path, options));
  }
  return WaitForImport(client, created.name(), line);
}

// By a client of its own: the other one may have been interrupted.
void DeleteAgain(const Context& context, const std::string& name) {
  const auto client = context.Connect();
  const absl::Status deleted = client.ok() ? (*client)->DeleteDataset(name) : client.status();
  if (deleted.ok() || deleted.code() == absl::StatusCode::kNotFound) return;
  context.err << "winnow: " << name << " could not be deleted again: " << deleted.message() << "\n";
}

}  // namespace

absl::StatusOr<v1::DatasetSchema> SchemaOf(const ImportRequest& request) {
  v1::DatasetSchema schema;
  if (!request.schema_file.empty()) RETURN_IF_ERROR(LoadSpecFile(request.schema_file, {}, schema));
  if (!request.target.empty()) schema.mutable_target()->set_column(request.target);
  return schema;
}

absl::StatusOr<v1::Dataset> ImportDataset(const Context& context, client::Client& client,
                                          const ImportRequest& request) {
  v1::CreateDatasetRequest create;
  create.set_dataset_id(request.id);
  create.set_request_id(client::NewRequestId());
  ASSIGN_OR_RETURN(const v1::DatasetSchema schema, SchemaOf(request));
  if (schema.ByteSizeLong() > 0) *create.mutable_dataset()->mutable_schema() = schema;
  const std::vector<LocalFile> files = LocalFiles(request);
  for (const LocalFile& file : files) {
    ASSIGN_OR_RETURN(*create.mutable_dataset()->add_files(),
                     client::DeclareFile(file.path, file.role));
  }
  ASSIGN_OR_RETURN(const v1::Dataset created, client.CreateDataset(create));
  if (created.files_size() != create.dataset().files_size()) {
    return absl::InternalError(created.name() + ": the server declared other files than asked for");
  }
  absl::StatusOr<v1::Dataset> imported = UploadAndWait(context, client, created, files);
  if (!imported.ok()) DeleteAgain(context, created.name());
  return imported;
}

}  // namespace winnow::cli
