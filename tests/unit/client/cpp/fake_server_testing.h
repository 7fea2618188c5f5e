// A server in this process that breaks its streams where a test says so.
#ifndef WINNOW_TESTS_UNIT_CLIENT_CPP_FAKE_SERVER_TESTING_H_
#define WINNOW_TESTS_UNIT_CLIENT_CPP_FAKE_SERVER_TESTING_H_

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "client/cpp/crc32c.h"
#include "client/cpp/error.h"
#include "client/cpp/sha256.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/support/temp_dir.h"
#include "winnow/v1/artifact.grpc.pb.h"
#include "winnow/v1/dataset.grpc.pb.h"
#include "winnow/v1/job_service.grpc.pb.h"
#include "winnow/v1/system.grpc.pb.h"

namespace winnow::client {

inline grpc::Status RefusalOf(absl::StatusCode code, const std::string& reason,
                              const std::string& message) {
  Error error;
  error.code = code;
  error.reason = reason;
  error.message = message;
  const absl::Status status = ToStatus(error);
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.Status");
  return {static_cast<grpc::StatusCode>(code), message, std::string(*payload)};
}

inline std::string HashOf(const std::string& content) {
  Sha256 hash;
  hash.Update(content.data(), content.size());
  return hash.HexDigest();
}

// One job, whose log is `log`. Every stream is cut after `cut_after` messages (0: never).
class FakeJobs : public v1::JobService::Service {
 public:
  std::vector<v1::JobEvent> log;  // durable events alone, numbered from 1
  v1::Job job;
  int cut_after = 0;
  bool cut_politely = false;   // with OK
  bool repeats_last = false;   // begins with the event that the client has already
  int64_t leaves_out = 0;      // never sends this sequence
  bool sends_progress = true;  // a note and a bookmark between durable events
  grpc::Status refusal;        // of every WatchJob
  bool waits = false;          // the stream stays open until the client ends it
  std::vector<v1::CreateJobRequest> created;
  std::vector<std::string> cancelled;
  std::vector<int64_t> watched_from;

  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::JobEvent>* writer) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    watched_from.push_back(request->after_sequence());
    if (!refusal.ok()) return refusal;
    int sent = 0;
    const int64_t first = request->after_sequence() + (repeats_last ? 0 : 1);
    v1::JobEvent bookmark;
    bookmark.set_sequence(request->after_sequence());
    bookmark.mutable_bookmark();
    writer->Write(bookmark);
    for (const v1::JobEvent& event : log) {
      if (event.sequence() < first || event.sequence() == leaves_out) continue;
      writer->Write(event);
      if (++sent == cut_after) return cut_politely ? grpc::Status::OK : Cut();
      if (!sends_progress) continue;
      v1::JobEvent note;
      note.set_sequence(event.sequence());
      note.mutable_progress()->set_step(event.sequence());
      writer->Write(note);
    }
    while (waits && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return grpc::Status::OK;
  }

  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request,
                      v1::Job* response) override {
    if (!job.name().empty() && job.name() != request->name()) {
      return RefusalOf(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", "no job " + request->name());
    }
    *response = job;
    response->set_last_sequence(static_cast<int64_t>(log.size()));
    return grpc::Status::OK;
  }

  grpc::Status CreateJob(grpc::ServerContext*, const v1::CreateJobRequest* request,
                         v1::Job* response) override {
    created.push_back(*request);
    if (!refusal.ok()) return refusal;
    *response = job;
    return grpc::Status::OK;
  }

  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    filters.push_back(request->filter());
    if (!job.name().empty()) *response->add_jobs() = job;
    return grpc::Status::OK;
  }
  std::vector<std::string> filters;

  grpc::Status CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request,
                         v1::Job* response) override {
    cancelled.push_back(request->name());
    job.set_state(v1::Job::STATE_CANCELLED);
    *response = job;
    return grpc::Status::OK;
  }

 private:
  static grpc::Status Cut() { return {grpc::StatusCode::UNAVAILABLE, "cut by the test"}; }

  std::mutex mutex_;
};

// One dataset of the files that CreateDataset declares. Frames are committed in pairs, so that a
// cut loses what was sent last.
class FakeDatasets : public v1::DatasetService::Service {
 public:
  v1::Dataset dataset;
  bool exists = false;
  std::vector<std::string> content;  // committed bytes, by file
  std::deque<int> cut_after;         // by stream: frames it takes before UNAVAILABLE
  std::set<int64_t> corrupts;        // offsets whose frame is refused once as damaged
  std::map<int, int64_t> frames_at;  // how often each file's stream was opened
  google::rpc::Status import_error;  // ends the import, unless its code is OK
  grpc::Status refusal;              // of CreateDataset
  int deletes = 0;

  grpc::Status CreateDataset(grpc::ServerContext*, const v1::CreateDatasetRequest* request,
                             v1::Dataset* response) override {
    if (!refusal.ok()) return refusal;
    dataset = request->dataset();
    dataset.set_name("tenants/default/datasets/" + request->dataset_id());
    dataset.set_state(v1::Dataset::STATE_UPLOADING);
    exists = true;
    content.assign(dataset.files_size(), "");
    *response = dataset;
    return grpc::Status::OK;
  }

  grpc::Status GetDataset(grpc::ServerContext*, const v1::GetDatasetRequest* request,
                          v1::Dataset* response) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!exists) {
      return RefusalOf(absl::StatusCode::kNotFound, "DATASET_NOT_FOUND",
                       "no dataset " + request->name());
    }
    *response = dataset;
    for (int i = 0; i < response->files_size(); ++i) {
      response->mutable_files(i)->set_committed_size_bytes(static_cast<int64_t>(content[i].size()));
    }
    return grpc::Status::OK;
  }

  grpc::Status DeleteDataset(grpc::ServerContext*, const v1::DeleteDatasetRequest*,
                             google::protobuf::Empty*) override {
    ++deletes;
    exists = false;
    return grpc::Status::OK;
  }

  grpc::Status UploadDataset(grpc::ServerContext*,
                             grpc::ServerReader<v1::UploadDatasetRequest>* reader,
                             v1::UploadDatasetResponse* response) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    int limit = -1;
    if (!cut_after.empty()) {
      limit = cut_after.front();
      cut_after.pop_front();
    }
    v1::UploadDatasetRequest frame;
    int file = -1;
    std::string pending;
    for (int frames = 0; reader->Read(&frame); ++frames) {
      if (frames == limit) return {grpc::StatusCode::UNAVAILABLE, "cut by the test"};
      if (frames == 0) {
        file = frame.file_index();
        ++frames_at[file];
      }
      const int64_t expected = static_cast<int64_t>(content[file].size() + pending.size());
      if (frame.write_offset() != expected) {
        return RefusalOf(absl::StatusCode::kOutOfRange, "WRONG_OFFSET", "wrong offset");
      }
      if (corrupts.erase(frame.write_offset()) > 0 || Crc32c(frame.data()) != frame.data_crc32c()) {
        return RefusalOf(absl::StatusCode::kAborted, "CHUNK_CORRUPT", "damaged");
      }
      pending += frame.data();
      if (frames % 2 == 1 || frame.finish_write()) {
        content[file] += pending;
        pending.clear();
      }
      if (frame.finish_write()) response->set_complete(Seal(file));
    }
    response->set_committed_size_bytes(static_cast<int64_t>(content[file].size()));
    return grpc::Status::OK;
  }

  grpc::Status ListDatasets(grpc::ServerContext*, const v1::ListDatasetsRequest*,
                            v1::ListDatasetsResponse* response) override {
    if (exists) *response->add_datasets() = dataset;
    return grpc::Status::OK;
  }

 private:
  // The last file starts, and at once ends, the import.
  bool Seal(int file) {
    if (HashOf(content[file]) != dataset.files(file).sha256()) return false;
    for (int i = 0; i < dataset.files_size(); ++i) {
      if (static_cast<int64_t>(content[i].size()) != dataset.files(i).size_bytes()) return true;
    }
    const bool failed = import_error.code() != 0;
    dataset.set_state(failed ? v1::Dataset::STATE_FAILED : v1::Dataset::STATE_ACTIVE);
    if (failed) *dataset.mutable_error() = import_error;
    return true;
  }

  std::mutex mutex_;
};

class FakeArtifacts : public v1::ArtifactService::Service {
 public:
  std::map<std::string, std::string> files;  // by full name
  int64_t frame_bytes = 10;
  int cut_after = 0;          // frames of every stream, 0: never cut
  bool damages_once = false;  // the first frame of the first stream
  bool lies = false;          // the content is not what its SHA-256 says
  int streams = 0;

  grpc::Status GetArtifact(grpc::ServerContext*, const v1::GetArtifactRequest* request,
                           v1::Artifact* response) override {
    const auto found = files.find(request->name());
    if (found == files.end()) {
      return RefusalOf(absl::StatusCode::kNotFound, "ARTIFACT_NOT_FOUND",
                       "no artifact " + request->name());
    }
    response->set_name(request->name());
    response->set_sha256(HashOf(lies ? "other" : found->second));
    return grpc::Status::OK;
  }

  grpc::Status DownloadArtifact(grpc::ServerContext*, const v1::DownloadArtifactRequest* request,
                                grpc::ServerWriter<v1::DownloadArtifactResponse>* writer) override {
    ++streams;
    const std::string& content = files.at(request->name());
    int64_t offset = request->read_offset();
    for (int sent = 0; offset < static_cast<int64_t>(content.size()); ++sent) {
      if (cut_after > 0 && sent == cut_after) return {grpc::StatusCode::UNAVAILABLE, "cut"};
      v1::DownloadArtifactResponse frame;
      frame.set_offset(offset);
      frame.set_data(content.substr(offset, frame_bytes));
      frame.set_data_crc32c(Crc32c(frame.data()));
      offset += static_cast<int64_t>(frame.data().size());
      if (damages_once) frame.mutable_data()->at(0) ^= 1;
      damages_once = false;
      writer->Write(frame);
    }
    return grpc::Status::OK;
  }
};

class FakeServer {
 public:
  FakeServer() : address_("unix:" + folder_.File("s")) { Start(); }
  ~FakeServer() { Stop(); }

  void Start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    // Threads of a synchronous server look for its end this often; by default every 10 s.
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::CQ_TIMEOUT_MSEC, 50);
    builder.RegisterService(&jobs);
    builder.RegisterService(&datasets);
    builder.RegisterService(&artifacts);
    server_ = builder.BuildAndStart();
  }
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  const std::string& address() const { return address_; }
  std::unique_ptr<Client> Connect() const {
    return std::make_unique<Client>(MakeChannel({.address = address_}), "");
  }

  FakeJobs jobs;
  FakeDatasets datasets;
  FakeArtifacts artifacts;

 private:
  test::TempDir folder_;
  const std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// A log of `count` events that ends in `end`.
inline std::vector<v1::JobEvent> MakeLog(int count, v1::Job::State end) {
  std::vector<v1::JobEvent> log(count);
  for (int i = 0; i < count; ++i) {
    log[i].set_sequence(i + 1);
    log[i].mutable_pick()->set_rank(i + 1);
    log[i].mutable_pick()->set_candidate("c" + std::to_string(i + 1));
  }
  log.front().mutable_state_changed()->set_to(v1::Job::STATE_PENDING);
  log.back().mutable_state_changed()->set_to(end);
  return log;
}

}  // namespace winnow::client

#endif  // WINNOW_TESTS_UNIT_CLIENT_CPP_FAKE_SERVER_TESTING_H_
