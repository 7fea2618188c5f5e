#include "server/worker/import_runner.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "kernels/data/import/import.h"
#include "server/base/status.h"
#include "server/worker/report.h"
#include "server/worker/schema.h"

namespace winnow::worker {
namespace {

using internal::v1::AttachRequest;
using internal::v1::ImportAssignment;

constexpr std::chrono::milliseconds kProgressInterval(200);

data::FileRole RoleFrom(v1::DatasetFile::Role role) {
  switch (role) {
    case v1::DatasetFile::ROLE_TEST:
      return data::FileRole::kTest;
    case v1::DatasetFile::ROLE_LABELS:
      return data::FileRole::kLabels;
    default:
      return data::FileRole::kTrain;
  }
}

template <typename Files>
std::vector<data::InputFile> FilesFrom(const Files& files) {
  std::vector<data::InputFile> inputs;
  for (const auto& file : files) {
    inputs.push_back({file.path(), RoleFrom(file.role()), file.filename()});
  }
  return inputs;
}

// Sends the newest state of the import, a few times a second.
data::ImportCallback ReportTo(Session& session) {
  return [&session, last = std::chrono::steady_clock::time_point()](
             const data::ImportProgress& progress) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < kProgressInterval) return;
    last = now;
    AttachRequest message;
    auto& to = *message.mutable_import_progress();
    to.set_bytes_read(progress.bytes_read);
    to.set_total_bytes(progress.total_bytes);
    to.set_rows_read(progress.rows_read);
    to.set_fraction(progress.fraction);
    session.Send(message);
  };
}

int64_t BytesIn(const std::string& directory) {
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

absl::Status OutOfMemory(int64_t limit_bytes) {
  return absl::ResourceExhaustedError("the import ran out of memory; its limit is " +
                                      std::to_string(limit_bytes) + " bytes");
}

absl::StatusOr<internal::v1::Imported> Import(const ImportAssignment& assignment,
                                              Session& session) {
  const auto files = FilesFrom(assignment.files());
  ASSIGN_OR_RETURN(const data::InferredSchema inferred,
                   data::InferSchema(files, SchemaFromProto(assignment.schema())));
  ASSIGN_OR_RETURN(const DatasetProfile profile,
                   data::ImportDataset(inferred, files, assignment.output_dir(), ReportTo(session),
                                       session.stop()));
  internal::v1::Imported imported;
  imported.set_profile_json(ReadText(assignment.output_dir() + "/" + data::kProfileFile));
  *imported.mutable_resolved_schema() = SchemaToProto(inferred.schema);
  imported.set_sha256(profile.table_sha256);
  imported.set_table_bytes(BytesIn(assignment.output_dir()));
  for (const std::string& warning : profile.warnings) imported.add_warnings(warning);
  return imported;
}

absl::StatusOr<v1::InferSchemaResponse> Infer(const internal::v1::InferAssignment& assignment) {
  ASSIGN_OR_RETURN(
      const data::InferredSchema inferred,
      data::InferSchema(FilesFrom(assignment.files()), SchemaFromProto(assignment.schema())));
  v1::InferSchemaResponse response;
  *response.mutable_schema() = SchemaToProto(inferred.schema);
  for (const std::string& warning : inferred.warnings) response.add_warnings(warning);
  response.set_sampled_rows(inferred.sampled_rows);
  return response;
}

}  // namespace

void RunImport(Session& session) {
  const ImportAssignment& assignment = session.assignment().dataset_import();
  absl::StatusOr<internal::v1::Imported> imported = absl::InternalError("the import did not run");
  try {
    imported = Import(assignment, session);
  } catch (const std::bad_alloc&) {
    imported = OutOfMemory(assignment.memory_limit_bytes());
  }
  AttachRequest message;
  if (imported.ok()) {
    *message.mutable_import_finished()->mutable_imported() = *std::move(imported);
  } else {
    *message.mutable_import_finished()->mutable_failed() = ErrorToProto(imported.status());
  }
  session.Finish(message);
}

void RunInference(Session& session) {
  const internal::v1::InferAssignment& assignment = session.assignment().infer();
  absl::StatusOr<v1::InferSchemaResponse> inferred = absl::InternalError("nothing was inferred");
  try {
    inferred = Infer(assignment);
  } catch (const std::bad_alloc&) {
    inferred = OutOfMemory(assignment.memory_limit_bytes());
  }
  AttachRequest message;
  if (inferred.ok()) {
    *message.mutable_infer_finished()->mutable_inferred() = *std::move(inferred);
  } else {
    *message.mutable_infer_finished()->mutable_failed() = ErrorToProto(inferred.status());
  }
  session.Finish(message);
}

}  // namespace winnow::worker
