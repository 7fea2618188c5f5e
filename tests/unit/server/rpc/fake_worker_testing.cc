#include "tests/unit/server/rpc/fake_worker_testing.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "kernels/plan/plan.h"
#include "server/base/sha256.h"
#include "server/base/version.h"

namespace winnow::rpc {

using internal::v1::AttachRequest;
using internal::v1::AttachResponse;

FakeWorker::FakeWorker(const std::string& socket, launch::LaunchSpec spec)
    : spec_(std::move(spec)),
      stub_(internal::v1::WorkerService::NewStub(
          grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials()))) {}

FakeWorker::~FakeWorker() {
  context_.TryCancel();
  if (reader_.joinable()) reader_.join();
}

bool FakeWorker::Attach(const std::string& version) {
  return SayHello(spec_.secret, version.empty() ? server::kVersion : version);
}

bool FakeWorker::AttachWithSecret(const std::string& secret) {
  return SayHello(secret, server::kVersion);
}

bool FakeWorker::SayHello(const std::string& secret, const std::string& version) {
  stream_ = stub_->Attach(&context_);
  AttachRequest request;
  auto& hello = *request.mutable_hello();
  hello.set_attempt_id(spec_.attempt.ToString());
  hello.set_secret(secret);
  hello.set_pid(getpid());
  hello.set_instruction_set("portable");
  hello.set_version(version);
  hello.set_plan_version(static_cast<int32_t>(plan::kPlanVersion));
  AttachResponse response;
  if (!stream_->Write(request) || !stream_->Read(&response) || !response.has_assignment()) {
    absl::MutexLock lock(&mutex_);
    status_ = stream_->Finish();
    ended_ = true;
    return false;
  }
  assignment_ = std::move(*response.mutable_assignment());
  reader_ = std::thread([this] { ReadLoop(); });
  return true;
}

void FakeWorker::ReadLoop() {
  AttachResponse response;
  while (stream_->Read(&response)) {
    absl::MutexLock lock(&mutex_);
    if (response.has_command()) commands_.insert(response.command().kind());
    if (response.has_ack()) {
      acked_ = response.ack().ordinal();
      finished_ = finished_ || response.ack().finished();
    }
  }
  const grpc::Status status = stream_->Finish();
  absl::MutexLock lock(&mutex_);
  status_ = status;
  ended_ = true;
}

bool FakeWorker::Send(const AttachRequest& message) { return stream_->Write(message); }

bool FakeWorker::SendPick(int64_t ordinal, const std::string& candidate) {
  AttachRequest message;
  message.mutable_event()->set_ordinal(ordinal);
  message.mutable_event()->mutable_event()->mutable_pick()->set_candidate(candidate);
  return Send(message);
}

bool FakeWorker::SendProgress(int64_t step, double samples_per_s) {
  AttachRequest message;
  message.mutable_progress()->set_step(step);
  message.mutable_progress()->set_samples_per_s(samples_per_s);
  return Send(message);
}

bool FakeWorker::SendCheckpoint(int64_t ordinal, int64_t step) {
  const std::string path = absl::StrCat(spec_.directory, "/checkpoint-", step);
  std::ofstream(path) << "weights at " << step;
  AttachRequest message;
  auto& notice = *message.mutable_checkpoint();
  notice.set_path(path);
  notice.set_sha256(*server::Sha256HexOfFile(*server::RealFileSystem(), path));
  notice.set_size_bytes(static_cast<int64_t>(std::filesystem::file_size(path)));
  notice.set_ordinal(ordinal);
  notice.set_stage(v1::STAGE_SELECT);
  notice.set_step(step);
  return Send(message);
}

bool FakeWorker::Finish(const AttachRequest& message) {
  if (!Send(message)) return false;
  absl::MutexLock lock(&mutex_);
  const auto over = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return finished_ || ended_; };
  mutex_.Await(absl::Condition(&over));
  return finished_;
}

bool FakeWorker::FinishWithFile(const std::string& artifact_id, const std::string& content,
                                int64_t ordinal) {
  const std::string path = absl::StrCat(spec_.directory, "/", artifact_id);
  std::ofstream(path) << content;
  AttachRequest message;
  message.mutable_finished()->set_ordinal(ordinal);
  auto& file = *message.mutable_finished()->mutable_succeeded()->add_artifacts();
  file.set_artifact_id(artifact_id);
  file.set_path(path);
  file.set_size_bytes(static_cast<int64_t>(content.size()));
  file.set_sha256(server::Sha256Hex(content));
  return Finish(message);
}

bool FakeWorker::FinishYielded() {
  AttachRequest message;
  message.mutable_finished()->mutable_yielded();
  return Finish(message);
}

bool FakeWorker::FinishFailed(int code, const std::string& text) {
  AttachRequest message;
  message.mutable_finished()->mutable_failed()->set_code(code);
  message.mutable_finished()->mutable_failed()->set_message(text);
  return Finish(message);
}

bool FakeWorker::WaitForCommand(internal::v1::Command::Kind kind) {
  absl::MutexLock lock(&mutex_);
  const auto over = [this, kind]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return commands_.count(kind) > 0 || ended_;
  };
  mutex_.Await(absl::Condition(&over));
  return commands_.count(kind) > 0;
}

bool FakeWorker::WaitForAck(int64_t ordinal) {
  absl::MutexLock lock(&mutex_);
  const auto over = [this, ordinal]()
                        ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return acked_ >= ordinal || ended_; };
  mutex_.Await(absl::Condition(&over));
  return acked_ >= ordinal;
}

void FakeWorker::WaitForEnd() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&ended_));
}

grpc::Status FakeWorker::status() {
  absl::MutexLock lock(&mutex_);
  return status_;
}

void FakeWorker::Kill() { context_.TryCancel(); }

void ScriptedLauncher::SetScript(domain::WorkKind kind, WorkerScript script) {
  absl::MutexLock lock(&mutex_);
  scripts_[kind] = std::move(script);
}

void ScriptedLauncher::Silence() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    silent_ = true;
    for (auto& [attempt, process] : processes_) {
      process.killed = true;
      if (process.worker != nullptr) process.worker->Kill();
    }
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

absl::Status ScriptedLauncher::Launch(const launch::LaunchSpec& spec, OnExit on_exit) {
  std::filesystem::create_directories(spec.directory);
  std::ofstream(spec.log_file, std::ios::app) << "log of " << spec.attempt.ToString() << "\n";
  absl::MutexLock lock(&mutex_);
  if (silent_) return absl::OkStatus();
  Process& process = processes_[spec.attempt];
  process.worker = std::make_unique<FakeWorker>(socket_, spec);
  FakeWorker* worker = process.worker.get();
  const WorkerScript script = scripts_[spec.attempt.kind];
  threads_.emplace_back([this, worker, script, attempt = spec.attempt, on_exit] {
    if (script) script(*worker);
    std::unique_ptr<FakeWorker> gone;
    domain::ExitInfo exit;
    bool silent;
    {
      absl::MutexLock inner(&mutex_);
      gone = std::move(processes_[attempt].worker);
      if (processes_[attempt].killed) exit.signal = 9;
      processes_.erase(attempt);
      silent = silent_;
    }
    gone.reset();  // the connection ends before the process is reaped
    if (!silent) on_exit(attempt, exit);
  });
  return absl::OkStatus();
}

void ScriptedLauncher::Kill(const domain::AttemptId& attempt) {
  absl::MutexLock lock(&mutex_);
  const auto found = processes_.find(attempt);
  if (found == processes_.end()) return;
  found->second.killed = true;
  if (found->second.worker != nullptr) found->second.worker->Kill();
}

}  // namespace winnow::rpc
