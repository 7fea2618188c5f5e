#include "server/worker/session.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "kernels/plan/plan.h"
#include "server/base/instruction_set.h"
#include "server/base/log.h"
#include "server/base/status.h"

namespace winnow::worker {
namespace {

using internal::v1::AttachRequest;
using internal::v1::AttachResponse;
using internal::v1::Command;

// Below the server's limit for a silent worker by a factor that a loaded machine forgives.
constexpr std::chrono::seconds kHeartbeatInterval(2);

[[noreturn]] void LeaveWithoutServer(const char* when) {
  server::LogError("the server is gone; the worker ends", {{"when", when}});
  // No destructors: threads may be inside a training step, and all that matters is on disk already.
  std::_Exit(EXIT_FAILURE);
}

StopRequest RequestOf(Command::Kind kind) {
  switch (kind) {
    case Command::KIND_CANCEL:
      return StopRequest::kCancel;
    case Command::KIND_STOP:
      return StopRequest::kStop;
    case Command::KIND_YIELD:
      return StopRequest::kYield;
    default:
      return StopRequest::kNone;
  }
}

}  // namespace

Session::Session(std::shared_ptr<grpc::Channel> channel)
    : stub_(internal::v1::WorkerService::NewStub(std::move(channel))) {}

absl::StatusOr<std::unique_ptr<Session>> Session::Attach(const SessionOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // the server is ours; an assignment may list many files
  auto session = std::unique_ptr<Session>(new Session(
      grpc::CreateCustomChannel(options.server, grpc::InsecureChannelCredentials(), arguments)));
  RETURN_IF_ERROR(session->Hello(options));
  session->reader_ = std::thread([s = session.get()] { s->ReadLoop(); });
  session->heartbeat_ = std::thread([s = session.get()] { s->HeartbeatLoop(); });
  return session;
}

absl::Status Session::Hello(const SessionOptions& options) {
  stream_ = stub_->Attach(&context_);
  AttachRequest request;
  auto& hello = *request.mutable_hello();
  hello.set_attempt_id(options.attempt_id);
  hello.set_secret(options.secret);
  hello.set_pid(getpid());
  hello.set_instruction_set(server::InstructionSetName());
  hello.set_version(options.version);
  hello.set_plan_version(static_cast<int32_t>(plan::kPlanVersion));
  AttachResponse response;
  if (!stream_->Write(request) || !stream_->Read(&response) || !response.has_assignment()) {
    const grpc::Status status = stream_->Finish();
    const std::string reason = status.ok() ? "no assignment came" : status.error_message();
    return absl::Status(status.ok() ? absl::StatusCode::kUnavailable
                                    : static_cast<absl::StatusCode>(status.error_code()),
                        "attaching to " + options.server + ": " + reason);
  }
  assignment_ = std::move(*response.mutable_assignment());
  return absl::OkStatus();
}

Session::~Session() {
  {
    std::lock_guard lock(state_mutex_);
    closing_ = true;
  }
  state_changed_.notify_all();
  if (heartbeat_.joinable()) heartbeat_.join();
  context_.TryCancel();
  if (reader_.joinable()) reader_.join();
}

void Session::Send(const AttachRequest& message) {
  std::lock_guard lock(write_mutex_);
  if (!stream_->Write(message)) LeaveWithoutServer("sending a report");
}

void Session::Finish(const AttachRequest& message) {
  Send(message);
  std::unique_lock lock(state_mutex_);
  state_changed_.wait(lock, [this] { return finished_; });
}

void Session::ReadLoop() {
  AttachResponse response;
  while (stream_->Read(&response)) {
    if (response.has_command()) stop_.Request(RequestOf(response.command().kind()));
    if (response.has_ack() && response.ack().finished()) {
      {
        std::lock_guard lock(state_mutex_);
        finished_ = true;
      }
      state_changed_.notify_all();
    }
  }
  std::lock_guard lock(state_mutex_);
  if (!finished_ && !closing_) LeaveWithoutServer("waiting for commands");
}

void Session::HeartbeatLoop() {
  AttachRequest heartbeat;
  heartbeat.mutable_heartbeat();
  std::unique_lock lock(state_mutex_);
  while (!state_changed_.wait_for(lock, kHeartbeatInterval,
                                  [this] { return closing_ || finished_; })) {
    lock.unlock();
    Send(heartbeat);
    lock.lock();
  }
}

}  // namespace winnow::worker
