// Datasets and their uploads, durably. Each method is one transaction; OK means it survives power
// loss. Errors common to all: NOT_FOUND DATASET_NOT_FOUND; ABORTED STALE_ATTEMPT;
// RESOURCE_EXHAUSTED DISK_LOW; UNAVAILABLE STORE_BUSY. THREAD-SAFETY: any thread; calls block on
// the disk.
#ifndef WINNOW_SERVER_STORE_DATASET_STORE_H_
#define WINNOW_SERVER_STORE_DATASET_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/domain/dataset.h"
#include "server/domain/filter.h"
#include "server/domain/names.h"
#include "server/store/common.h"

namespace winnow::store {

struct NewDataset {
  domain::DatasetName name;
  std::vector<domain::DatasetFile> files;  // at least one
  std::string schema;
  std::string content_sha256;  // empty = not known up front
  std::map<std::string, std::string> labels;
};

class DatasetStore {
 public:
  virtual ~DatasetStore() = default;

  // UPLOADING (also when all files are local: BeginImport is a step of its own). ALREADY_EXISTS
  // DATASET_EXISTS; request ids as in CreateJob.
  virtual absl::StatusOr<Created<domain::Dataset>> CreateDataset(const NewDataset& dataset,
                                                                 const RequestKey& request) = 0;
  virtual absl::StatusOr<domain::Dataset> GetDataset(const domain::DatasetName& name) = 0;
  // The dataset that an earlier create with this id made, or NOT_FOUND. INVALID_ARGUMENT
  // REQUEST_ID_REUSED. For answering a retry before admission is asked again.
  virtual absl::StatusOr<domain::Dataset> FindDatasetByRequest(const std::string& tenant,
                                                               const RequestKey& request) = 0;
  // Newest first.
  virtual absl::StatusOr<Page<domain::Dataset>> ListDatasets(const std::string& tenant,
                                                             const domain::Filter& filter,
                                                             const PageRequest& page) = 0;
  // In any state. FAILED_PRECONDITION DATASET_IN_USE while a job that is not terminal refers to it.
  virtual absl::Status DeleteDataset(const domain::DatasetName& name) = 0;

  // The file's bytes up to `size_bytes` are durable on disk. Never falls, never exceeds the
  // declared size: OUT_OF_RANGE WRONG_OFFSET. FAILED_PRECONDITION UPLOAD_NOT_OPEN unless UPLOADING
  // and not complete.
  virtual absl::Status CommitUpload(const domain::DatasetName& name, int file_index,
                                    int64_t size_bytes) = 0;
  // Size and SHA-256 are verified; records the hash. Again with the same hash: no change.
  virtual absl::Status CompleteUpload(const domain::DatasetName& name, int file_index,
                                      const std::string& sha256) = 0;
  // UPLOADING -> IMPORTING. FAILED_PRECONDITION UPLOAD_INCOMPLETE while an uploaded file is not
  // complete.
  virtual absl::StatusOr<domain::Dataset> BeginImport(const domain::DatasetName& name) = 0;
  // UPLOADING | IMPORTING -> FAILED, whatever its attempt (checksum mismatch, files gone).
  virtual absl::StatusOr<domain::Dataset> FailDataset(const domain::DatasetName& name,
                                                      const domain::Error& error) = 0;

  // attempt + 1. FAILED_PRECONDITION when not IMPORTING.
  virtual absl::StatusOr<domain::Dataset> ClaimForImport(const domain::DatasetName& name) = 0;
  // kSucceeded -> ACTIVE, kFailed -> FAILED, kCrashed -> IMPORTING or at the third time FAILED
  // CRASH_LOOP, kInterrupted -> IMPORTING.
  virtual absl::StatusOr<domain::Dataset> FinishImport(const domain::DatasetName& name,
                                                       int32_t attempt,
                                                       const domain::ImportEnd& end) = 0;
  // All IMPORTING datasets of all tenants in creation order: what a scheduler starts from.
  virtual absl::StatusOr<std::vector<domain::Dataset>> ListImportingDatasets() = 0;
  // All UPLOADING datasets of all tenants: whose part files are cut to the committed size at
  // start-up.
  virtual absl::StatusOr<std::vector<domain::Dataset>> ListUploadingDatasets() = 0;

  // An ACTIVE dataset of the tenant with this content, or NOT_FOUND.
  virtual absl::StatusOr<domain::Dataset> FindActiveByContent(
      const std::string& tenant, const std::string& content_sha256) = 0;
  // UPLOADING -> ACTIVE with the import results of `source` (same tenant, ACTIVE, same content),
  // whose files the caller has already put into place. Two datasets, one content, one import.
  virtual absl::StatusOr<domain::Dataset> ActivateFrom(const domain::DatasetName& name,
                                                       const domain::DatasetName& source) = 0;
  // Declared bytes of unfinished uploads plus packed tables.
  virtual absl::StatusOr<int64_t> StoredBytes(const std::string& tenant) = 0;
  virtual absl::StatusOr<int64_t> CountOpenUploads(const std::string& tenant) = 0;
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_DATASET_STORE_H_
