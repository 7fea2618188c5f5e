#include "client/cpp/client.h"

#include <chrono>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"

namespace winnow::client {
namespace {

// gRPC has no default deadline.
constexpr absl::Duration kUnaryDeadline = absl::Seconds(10);
constexpr absl::Duration kCreateDeadline = absl::Seconds(20);
constexpr absl::Duration kInferDeadline = absl::Minutes(2);  // a worker reads the files meanwhile

// One unary call of `stub` by `method`.
template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> Call(Client& client, Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request, absl::Duration deadline = kUnaryDeadline) {
  grpc::ClientContext context;
  client.Prepare(context);
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  const Cancellation::Scope scope(&client.cancellation(), &context);
  Response response;
  RETURN_IF_ERROR(FromGrpc((stub.*method)(&context, request, &response)));
  return response;
}

template <typename Request>
Request Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

using Datasets = v1::DatasetService::StubInterface;
using Jobs = v1::JobService::StubInterface;
using Artifacts = v1::ArtifactService::StubInterface;
using System = v1::SystemService::StubInterface;

}  // namespace

Client::Client(std::shared_ptr<grpc::Channel> channel, std::string token)
    : token_(std::move(token)),
      datasets_(v1::DatasetService::NewStub(channel)),
      jobs_(v1::JobService::NewStub(channel)),
      artifacts_(v1::ArtifactService::NewStub(channel)),
      system_(v1::SystemService::NewStub(channel)) {}

void Client::Prepare(grpc::ClientContext& context) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

absl::StatusOr<v1::Capabilities> Client::GetCapabilities() {
  return Call(*this, *system_, &System::GetCapabilities, v1::GetCapabilitiesRequest());
}

absl::StatusOr<v1::Dataset> Client::CreateDataset(const v1::CreateDatasetRequest& request) {
  return Call(*this, *datasets_, &Datasets::CreateDataset, request, kCreateDeadline);
}

absl::StatusOr<v1::Dataset> Client::GetDataset(const std::string& name) {
  return Call(*this, *datasets_, &Datasets::GetDataset, Named<v1::GetDatasetRequest>(name));
}

absl::StatusOr<std::vector<v1::Dataset>> Client::ListDatasets(const std::string& filter) {
  v1::ListDatasetsRequest request;
  request.set_filter(filter);
  std::vector<v1::Dataset> all;
  do {
    ASSIGN_OR_RETURN(v1::ListDatasetsResponse page,
                     Call(*this, *datasets_, &Datasets::ListDatasets, request));
    for (v1::Dataset& dataset : *page.mutable_datasets()) all.push_back(std::move(dataset));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

absl::Status Client::DeleteDataset(const std::string& name) {
  return Call(*this, *datasets_, &Datasets::DeleteDataset, Named<v1::DeleteDatasetRequest>(name))
      .status();
}

absl::StatusOr<v1::InferSchemaResponse> Client::InferSchema(const v1::InferSchemaRequest& request) {
  return Call(*this, *datasets_, &Datasets::InferSchema, request, kInferDeadline);
}

absl::StatusOr<v1::Job> Client::CreateJob(const v1::CreateJobRequest& request) {
  return Call(*this, *jobs_, &Jobs::CreateJob, request, kCreateDeadline);
}

absl::StatusOr<v1::Job> Client::GetJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::GetJob, Named<v1::GetJobRequest>(name));
}

absl::StatusOr<std::vector<v1::Job>> Client::ListJobs(const std::string& filter) {
  v1::ListJobsRequest request;
  request.set_filter(filter);
  std::vector<v1::Job> all;
  do {
    ASSIGN_OR_RETURN(v1::ListJobsResponse page, Call(*this, *jobs_, &Jobs::ListJobs, request));
    for (v1::Job& job : *page.mutable_jobs()) all.push_back(std::move(job));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<v1::Job> Client::CancelJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::CancelJob, Named<v1::CancelJobRequest>(name));
}

absl::StatusOr<v1::Job> Client::StopJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::StopJob, Named<v1::StopJobRequest>(name));
}

absl::StatusOr<v1::Job> Client::PauseJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::PauseJob, Named<v1::PauseJobRequest>(name));
}

absl::StatusOr<v1::Job> Client::ResumeJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::ResumeJob, Named<v1::ResumeJobRequest>(name));
}

absl::Status Client::DeleteJob(const std::string& name) {
  return Call(*this, *jobs_, &Jobs::DeleteJob, Named<v1::DeleteJobRequest>(name)).status();
}

absl::StatusOr<v1::Artifact> Client::GetArtifact(const std::string& name) {
  return Call(*this, *artifacts_, &Artifacts::GetArtifact, Named<v1::GetArtifactRequest>(name));
}

absl::StatusOr<std::vector<v1::Artifact>> Client::ListArtifacts(const std::string& job) {
  v1::ListArtifactsRequest request;
  request.set_parent(job);
  std::vector<v1::Artifact> all;
  do {
    ASSIGN_OR_RETURN(v1::ListArtifactsResponse page,
                     Call(*this, *artifacts_, &Artifacts::ListArtifacts, request));
    for (v1::Artifact& artifact : *page.mutable_artifacts()) all.push_back(std::move(artifact));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::string NewRequestId() {
  std::random_device random;
  uint32_t words[4];
  for (uint32_t& word : words) word = random();
  words[1] = (words[1] & 0xFFFF0FFFu) | 0x00004000u;  // version 4
  words[2] = (words[2] & 0x3FFFFFFFu) | 0x80000000u;  // variant of RFC 4122
  return absl::StrFormat("%08x-%04x-%04x-%04x-%04x%08x", words[0], words[1] >> 16,
                         words[1] & 0xFFFF, words[2] >> 16, words[2] & 0xFFFF, words[3]);
}

std::string ArtifactName(const std::string& job, const std::string& artifact) {
  const bool is_full = absl::StrContains(job, "/");
  return absl::StrCat(job, is_full ? "/artifacts/" : "/", artifact);
}

bool IsTerminal(v1::Job::State state) {
  return state == v1::Job::STATE_SUCCEEDED || state == v1::Job::STATE_FAILED ||
         state == v1::Job::STATE_CANCELLED;
}

}  // namespace winnow::client
