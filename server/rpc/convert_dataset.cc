// Datasets as the contract has them.
#include "kernels/base/dataset_profile.h"
#include "nlohmann/json.hpp"
#include "server/base/status.h"
#include "server/rpc/convert.h"
#include "server/rpc/errors.h"
#include "server/rpc/profile_text.h"
#include "server/spec/profile.h"

namespace winnow::rpc {
namespace {

struct RoleRow {
  v1::DatasetFile::Role role;
  const char* text;
};
constexpr RoleRow kRoles[] = {
    {v1::DatasetFile::ROLE_TRAIN, "train"},
    {v1::DatasetFile::ROLE_TEST, "test"},
    {v1::DatasetFile::ROLE_LABELS, "labels"},
};

v1::DatasetFile FileToProto(const domain::DatasetFile& file) {
  v1::DatasetFile to;
  to.set_filename(file.file_name);
  to.set_role(RoleFromText(file.role));
  to.set_size_bytes(file.size_bytes);
  to.set_sha256(file.sha256);
  to.set_local_path(file.local_path);
  to.set_committed_size_bytes(file.committed_size_bytes);
  return to;
}

absl::Status FillTable(const domain::Dataset& dataset, View view,
                       const internal::v1::DatasetRecord& record, v1::Dataset& to) {
  ASSIGN_OR_RETURN(const DatasetProfile profile, ParseProfile(dataset));
  *to.mutable_profile() = spec::ProfileToProto(profile);
  to.set_sha256(dataset.table_sha256);
  to.set_table_bytes(dataset.table_size_bytes);
  if (view == View::kFull) {
    *to.mutable_resolved_schema() = record.resolved_schema();
  } else {
    to.mutable_profile()->clear_columns();
  }
  return absl::OkStatus();
}

}  // namespace

std::string RoleText(v1::DatasetFile::Role role) {
  for (const RoleRow& row : kRoles) {
    if (row.role == role) return row.text;
  }
  return RoleText(v1::DatasetFile::ROLE_TRAIN);
}

v1::DatasetFile::Role RoleFromText(const std::string& text) {
  for (const RoleRow& row : kRoles) {
    if (text == row.text) return row.role;
  }
  return v1::DatasetFile::ROLE_TRAIN;
}

v1::Dataset::State StateToProto(domain::DatasetState state) {
  switch (state) {
    case domain::DatasetState::kUploading:
      return v1::Dataset::STATE_UPLOADING;
    case domain::DatasetState::kImporting:
      return v1::Dataset::STATE_IMPORTING;
    case domain::DatasetState::kActive:
      return v1::Dataset::STATE_ACTIVE;
    case domain::DatasetState::kFailed:
      return v1::Dataset::STATE_FAILED;
  }
  return v1::Dataset::STATE_UNSPECIFIED;
}

absl::StatusOr<v1::Dataset> DatasetToProto(const domain::Dataset& dataset, View view,
                                           const std::optional<v1::ImportProgress>& progress) {
  const std::string name = dataset.name.ToString();
  internal::v1::DatasetRecord record;
  RETURN_IF_ERROR(ParseStored(dataset.schema, "schema of " + name, &record));
  v1::Dataset to;
  to.set_name(name);
  *to.mutable_schema() = record.schema();
  if (view == View::kBasic) to.mutable_schema()->clear_columns();
  to.set_state(StateToProto(dataset.state));
  for (const domain::DatasetFile& file : dataset.files) *to.add_files() = FileToProto(file);
  if (dataset.state == domain::DatasetState::kImporting && progress.has_value()) {
    *to.mutable_import_progress() = *progress;
  }
  if (dataset.error.has_value()) *to.mutable_error() = ToRpcStatus(*dataset.error);
  *to.mutable_create_time() = TimeToProto(dataset.create_time);
  if (dataset.state == domain::DatasetState::kActive) {
    *to.mutable_end_time() = TimeToProto(dataset.active_time.value_or(dataset.update_time));
    RETURN_IF_ERROR(FillTable(dataset, view, record, to));
  } else if (dataset.state == domain::DatasetState::kFailed) {
    *to.mutable_end_time() = TimeToProto(dataset.update_time);
  }
  *to.mutable_warnings() = record.warnings();
  to.mutable_labels()->insert(dataset.labels.begin(), dataset.labels.end());
  to.set_etag(Etag(dataset.revision));
  return to;
}

}  // namespace winnow::rpc
