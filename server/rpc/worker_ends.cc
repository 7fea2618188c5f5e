// How a worker's last word, in its own terms, reads in the server's.
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/errors.h"
#include "server/rpc/profile_text.h"
#include "server/rpc/worker_session.h"

namespace winnow::rpc {

using domain::WorkKind;

absl::Status ProtocolError(const std::string& what) {
  return absl::InvalidArgumentError("worker protocol: " + what);
}

domain::Error WorkerError(const google::rpc::Status& status, domain::WorkKind kind) {
  domain::Error error = FromRpcStatus(status);
  if (error.code == absl::StatusCode::kOk) error.code = absl::StatusCode::kInternal;
  if (!error.reason.empty()) return error;
  switch (error.code) {
    case absl::StatusCode::kResourceExhausted:
      error.reason = domain::reason::kWorkerOutOfMemory;
      break;
    case absl::StatusCode::kDataLoss:
      error.reason = domain::reason::kDataCorrupt;
      break;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      error.reason = domain::reason::kInternal;
      break;
    default:
      // An import or inference fails at the files it was given, a job at its numbers.
      error.reason = kind == domain::WorkKind::kJob ? absl::StatusCodeToString(error.code)
                                                    : domain::reason::kBadData;
  }
  return error;
}

absl::StatusOr<std::string> WorkerSession::RelativePath(const std::string& path) const {
  const std::string root = deps_.layout->JobDir(attempt_->job_name()) + "/";
  if (path.rfind(root, 0) != 0) {
    return ProtocolError(absl::StrCat("path ", path, " is not below ", root));
  }
  return path.substr(root.size());
}

absl::StatusOr<domain::AttemptEnd> WorkerSession::EndOf(
    const internal::v1::Finished& finished) const {
  domain::AttemptEnd end;
  switch (finished.outcome_case()) {
    case internal::v1::Finished::kSucceeded:
      end.outcome = domain::AttemptOutcome::kSucceeded;
      end.stopped_early = finished.succeeded().stopped_early();
      for (const auto& file : finished.succeeded().artifacts()) {
        domain::Artifact artifact;
        artifact.id = file.artifact_id();
        ASSIGN_OR_RETURN(artifact.path, RelativePath(file.path()));
        artifact.size_bytes = file.size_bytes();
        artifact.sha256 = file.sha256();
        artifact.create_time = deps_.clock->Now();
        end.artifacts.push_back(std::move(artifact));
      }
      return end;
    case internal::v1::Finished::kYielded:
      end.outcome = domain::AttemptOutcome::kYielded;
      return end;
    case internal::v1::Finished::kCancelled:
      end.outcome = domain::AttemptOutcome::kCancelled;
      return end;
    case internal::v1::Finished::kFailed:
      end.outcome = domain::AttemptOutcome::kFailed;
      end.error = WorkerError(finished.failed(), WorkKind::kJob);
      return end;
    case internal::v1::Finished::OUTCOME_NOT_SET:
      break;
  }
  return ProtocolError("Finished without an outcome");
}

absl::StatusOr<domain::ImportEnd> WorkerSession::EndOf(
    const internal::v1::ImportFinished& finished) const {
  domain::ImportEnd end;
  if (finished.outcome_case() == internal::v1::ImportFinished::kFailed) {
    end.outcome = domain::ImportEnd::Outcome::kFailed;
    end.error = WorkerError(finished.failed(), WorkKind::kImport);
    return end;
  }
  if (finished.outcome_case() != internal::v1::ImportFinished::kImported) {
    return ProtocolError("ImportFinished without an outcome");
  }
  const internal::v1::Imported& imported = finished.imported();
  internal::v1::DatasetRecord record;
  RETURN_IF_ERROR(ParseStored(schema_record_, "schema of the dataset", &record));
  *record.mutable_resolved_schema() = imported.resolved_schema();
  *record.mutable_warnings() = imported.warnings();
  domain::Dataset dataset;
  dataset.name = attempt_->dataset_name();
  dataset.profile = imported.profile_json();
  ASSIGN_OR_RETURN(const DatasetProfile profile, ParseProfile(dataset));
  end.outcome = domain::ImportEnd::Outcome::kSucceeded;
  end.schema = SerializeStable(record);
  end.profile = imported.profile_json();
  end.table_sha256 = imported.sha256();
  end.table_size_bytes = imported.table_bytes();
  end.rows = profile.rows;
  end.columns = static_cast<int32_t>(profile.columns.size());
  return end;
}

}  // namespace winnow::rpc
