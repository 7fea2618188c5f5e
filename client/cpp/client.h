// Typed calls of the service.
//
//   Client client(MakeChannel({.address = "localhost:7070"}), /*token=*/"");
//   ASSIGN_OR_RETURN(v1::Job job, client.GetJob("jabc"));
//
// Names of datasets and jobs are full (tenants/t/jobs/j) or short ids of the caller's tenant. Every
// refusal is a status whose details ErrorOf() decodes. Streams have functions of their own:
// upload.h, watch.h, download.h.
#ifndef WINNOW_CLIENT_CPP_CLIENT_H_
#define WINNOW_CLIENT_CPP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/cancellation.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "winnow/v1/artifact.grpc.pb.h"
#include "winnow/v1/dataset.grpc.pb.h"
#include "winnow/v1/job_service.grpc.pb.h"
#include "winnow/v1/system.grpc.pb.h"

namespace winnow::client {

// THREAD-SAFETY: any thread.
class Client {
 public:
  // `token` is sent as a bearer token unless it is empty.
  Client(std::shared_ptr<grpc::Channel> channel, std::string token);

  absl::StatusOr<v1::Capabilities> GetCapabilities();

  absl::StatusOr<v1::Dataset> CreateDataset(const v1::CreateDatasetRequest& request);
  absl::StatusOr<v1::Dataset> GetDataset(const std::string& name);
  // All pages, newest first.
  absl::StatusOr<std::vector<v1::Dataset>> ListDatasets(const std::string& filter);
  absl::Status DeleteDataset(const std::string& name);
  absl::StatusOr<v1::InferSchemaResponse> InferSchema(const v1::InferSchemaRequest& request);

  absl::StatusOr<v1::Job> CreateJob(const v1::CreateJobRequest& request);
  absl::StatusOr<v1::Job> GetJob(const std::string& name);
  // All pages, newest first.
  absl::StatusOr<std::vector<v1::Job>> ListJobs(const std::string& filter);
  absl::StatusOr<v1::Job> CancelJob(const std::string& name);
  absl::StatusOr<v1::Job> StopJob(const std::string& name);
  absl::StatusOr<v1::Job> PauseJob(const std::string& name);
  absl::StatusOr<v1::Job> ResumeJob(const std::string& name);
  absl::Status DeleteJob(const std::string& name);

  absl::StatusOr<v1::Artifact> GetArtifact(const std::string& name);
  // All pages, by id.
  absl::StatusOr<std::vector<v1::Artifact>> ListArtifacts(const std::string& job);

  // For streams. `context` gets the credentials; it has no deadline.
  void Prepare(grpc::ClientContext& context) const;
  v1::DatasetService::StubInterface& datasets() { return *datasets_; }
  v1::JobService::StubInterface& jobs() { return *jobs_; }
  v1::ArtifactService::StubInterface& artifacts() { return *artifacts_; }

  // Interrupts every call of this client, present and future.
  Cancellation& cancellation() { return cancellation_; }

 private:
  const std::string token_;
  Cancellation cancellation_;
  std::unique_ptr<v1::DatasetService::StubInterface> datasets_;
  std::unique_ptr<v1::JobService::StubInterface> jobs_;
  std::unique_ptr<v1::ArtifactService::StubInterface> artifacts_;
  std::unique_ptr<v1::SystemService::StubInterface> system_;
};

// A random (version 4) UUID: the request_id of a call that must be safe to repeat.
std::string NewRequestId();

// The full name of an artifact: of a full name or id of a job, and the artifact's id.
std::string ArtifactName(const std::string& job, const std::string& artifact);

bool IsTerminal(v1::Job::State state);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_CLIENT_H_
