// The class behind OpenSqliteStore. Its methods are defined by concern:
//   sqlite_store.cc  sqlite_jobs.cc  sqlite_intents.cc  sqlite_attempts.cc  sqlite_events.cc
//   sqlite_datasets.cc  sqlite_imports.cc  sqlite_recovery.cc
#ifndef WINNOW_SERVER_STORE_SQLITE_STORE_IMPL_H_
#define WINNOW_SERVER_STORE_SQLITE_STORE_IMPL_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/status.h"
#include "server/base/telemetry.h"
#include "server/domain/error.h"
#include "server/domain/reasons.h"
#include "server/store/database.h"
#include "server/store/reader_pool.h"
#include "server/store/store.h"
#include "server/store/writer.h"

namespace winnow::store {

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, std::string vfs, std::unique_ptr<Database> writing,
              const server::Clock* clock, server::Telemetry* telemetry)
      : path_(path),
        clock_(*clock),
        telemetry_(telemetry),
        writer_(std::move(writing)),
        readers_(path, std::move(vfs)) {}

  // JobStore
  absl::StatusOr<Created<domain::Job>> CreateJob(const NewJob& job,
                                                 const RequestKey& request) override;
  absl::StatusOr<domain::Job> GetJob(const domain::JobName& name) override;
  absl::StatusOr<domain::Job> FindJobByRequest(const std::string& tenant,
                                               const RequestKey& request) override;
  absl::StatusOr<Page<domain::Job>> ListJobs(const std::string& tenant,
                                             const domain::Filter& filter,
                                             const PageRequest& page) override;
  absl::StatusOr<std::vector<domain::Job>> ListPendingJobs() override;
  absl::StatusOr<std::map<domain::JobState, int64_t>> CountJobs(const std::string& tenant) override;
  absl::Status DeleteJob(const domain::JobName& name) override;
  absl::StatusOr<domain::Job> RequestCancel(const domain::JobName& name,
                                            int64_t etag_revision) override;
  absl::StatusOr<domain::Job> RequestStop(const domain::JobName& name,
                                          int64_t etag_revision) override;
  absl::StatusOr<domain::Job> RequestPause(const domain::JobName& name,
                                           int64_t etag_revision) override;
  absl::StatusOr<domain::Job> ResumeJob(const domain::JobName& name,
                                        int64_t etag_revision) override;
  absl::StatusOr<Claim> ClaimForAttempt(const domain::JobName& name) override;
  absl::StatusOr<domain::Job> FailPendingJob(const domain::JobName& name,
                                             const domain::Error& error) override;
  absl::StatusOr<AppendResult> AppendEvents(
      const domain::JobName& name, int32_t attempt,
      const std::vector<domain::WorkerEvent>& events) override;
  absl::StatusOr<std::vector<domain::Checkpoint>> AddCheckpoint(
      const domain::JobName& name, int32_t attempt, const domain::Checkpoint& checkpoint) override;
  absl::StatusOr<domain::Job> FinishAttempt(const domain::JobName& name, int32_t attempt,
                                            const domain::AttemptEnd& end) override;
  absl::Status RecordExit(const domain::JobName& name, int32_t attempt,
                          const domain::ExitInfo& exit) override;
  absl::StatusOr<EventPage> ReadEvents(const domain::JobName& name, int64_t after_sequence,
                                       const EventLimit& limit) override;
  absl::StatusOr<std::vector<domain::Attempt>> ListAttempts(const domain::JobName& name) override;
  absl::StatusOr<std::vector<domain::Checkpoint>> ListCheckpoints(
      const domain::JobName& name) override;
  absl::StatusOr<std::vector<domain::Artifact>> ListArtifacts(const domain::JobName& name) override;
  absl::StatusOr<domain::Artifact> GetArtifact(const domain::ArtifactName& name) override;

  // DatasetStore
  absl::StatusOr<Created<domain::Dataset>> CreateDataset(const NewDataset& dataset,
                                                         const RequestKey& request) override;
  absl::StatusOr<domain::Dataset> GetDataset(const domain::DatasetName& name) override;
  absl::StatusOr<domain::Dataset> FindDatasetByRequest(const std::string& tenant,
                                                       const RequestKey& request) override;
  absl::StatusOr<Page<domain::Dataset>> ListDatasets(const std::string& tenant,
                                                     const domain::Filter& filter,
                                                     const PageRequest& page) override;
  absl::Status DeleteDataset(const domain::DatasetName& name) override;
  absl::Status CommitUpload(const domain::DatasetName& name, int file_index,
                            int64_t size_bytes) override;
  absl::Status CompleteUpload(const domain::DatasetName& name, int file_index,
                              const std::string& sha256) override;
  absl::StatusOr<domain::Dataset> BeginImport(const domain::DatasetName& name) override;
  absl::StatusOr<domain::Dataset> FailDataset(const domain::DatasetName& name,
                                              const domain::Error& error) override;
  absl::StatusOr<domain::Dataset> ClaimForImport(const domain::DatasetName& name) override;
  absl::StatusOr<domain::Dataset> FinishImport(const domain::DatasetName& name, int32_t attempt,
                                               const domain::ImportEnd& end) override;
  absl::StatusOr<std::vector<domain::Dataset>> ListImportingDatasets() override;
  absl::StatusOr<std::vector<domain::Dataset>> ListUploadingDatasets() override;
  absl::StatusOr<domain::Dataset> FindActiveByContent(const std::string& tenant,
                                                      const std::string& content_sha256) override;
  absl::StatusOr<domain::Dataset> ActivateFrom(const domain::DatasetName& name,
                                               const domain::DatasetName& source) override;
  absl::StatusOr<int64_t> StoredBytes(const std::string& tenant) override;
  absl::StatusOr<int64_t> CountOpenUploads(const std::string& tenant) override;

  // Store
  absl::StatusOr<RecoveryReport> Recover() override;
  absl::StatusOr<int64_t> PurgeRequests() override;
  Notifier& notifier() override { return notifier_; }
  absl::Status Backup(const std::string& path) override;
  absl::Status TruncateLog() override;
  absl::StatusOr<StoreSizes> Sizes() override;

 private:
  // One transaction; wakes the watchers of `resource` once it is on disk.
  template <typename T>
  absl::StatusOr<T> Write(const std::string& resource,
                          const std::function<absl::StatusOr<T>(Database&)>& operation) {
    std::optional<T> value;
    const absl::Duration start = clock_.Monotonic();
    const absl::Status status = writer_.Run([&](Database& database) -> absl::Status {
      ASSIGN_OR_RETURN(value, operation(database));
      return absl::OkStatus();
    });
    NoteTransaction("write", start, status);
    RETURN_IF_ERROR(status);
    notifier_.Notify(resource);
    return *std::move(value);
  }

  // One snapshot.
  template <typename T>
  absl::StatusOr<T> Read(const std::function<absl::StatusOr<T>(Database&)>& read) {
    std::optional<T> value;
    const absl::Duration start = clock_.Monotonic();
    const absl::Status status = readers_.Run([&](Database& database) -> absl::Status {
      ASSIGN_OR_RETURN(value, read(database));
      return absl::OkStatus();
    });
    NoteTransaction("read", start, status);
    RETURN_IF_ERROR(status);
    return *std::move(value);
  }

  void NoteTransaction(const char* op, absl::Duration start, const absl::Status& status) {
    if (telemetry_ == nullptr) return;
    telemetry_->OnStoreTransaction(op, clock_.Monotonic() - start);
    if (domain::ReasonOf(status) == domain::reason::kStoreBusy) telemetry_->OnStoreBusy();
  }

  absl::Time Now() const { return clock_.Now(); }

  const std::string path_;
  const server::Clock& clock_;
  server::Telemetry* const telemetry_;  // may be null
  Notifier notifier_;
  Writer writer_;
  ReaderPool readers_;
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_SQLITE_STORE_IMPL_H_
