#include "server/rpc/worker_stream.h"

#include <utility>

#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {
namespace {

using internal::v1::AttachResponse;
using internal::v1::Command;

// A worker that reports faster than the store takes it waits.
constexpr size_t kMaxInbox = 256;

// Workers are ours: they get the whole truth.
grpc::Status PlainStatus(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

AttachResponse CommandOf(Command::Kind kind) {
  AttachResponse response;
  response.mutable_command()->set_kind(kind);
  return response;
}

}  // namespace

WorkerStream* WorkerStream::Start(const Deps* deps, const WorkerFacts* facts,
                                  WorkerRegistry* registry) {
  auto stream = std::make_shared<WorkerStream>(deps, facts, registry);
  stream->self_ = stream;
  absl::MutexLock lock(&stream->mutex_);
  stream->Read();
  return stream.get();
}

WorkerStream::WorkerStream(const Deps* deps, const WorkerFacts* facts, WorkerRegistry* registry)
    : deps_(*deps),
      registry_(*registry),
      session_(
          deps, facts, [this](AttachResponse response) { Send(std::move(response)); },
          [this](const domain::AttemptId& attempt) {
            claimed_ = attempt;
            registry_.Add(attempt, shared_from_this());
          }) {}

void WorkerStream::Read() {
  if (reading_ || read_over_ || closed_ || inbox_.size() >= kMaxInbox) return;
  reading_ = true;
  StartRead(&request_);
}

void WorkerStream::OnReadDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  reading_ = false;
  if (ok) {
    inbox_.push_back(std::move(request_));
    request_.Clear();
    Read();
  } else {
    read_over_ = true;
  }
  ScheduleWork();
}

void WorkerStream::ScheduleWork() {
  if (working_ || closed_) return;
  working_ = true;
  deps_.workers->Schedule([self = shared_from_this()] { self->Work(); });
}

void WorkerStream::Work() {
  while (true) {
    Inbox messages;
    {
      absl::MutexLock lock(&mutex_);
      messages.swap(inbox_);
      if (messages.empty() || closed_) {
        working_ = false;
        // All that it said is done; also when it died while saying more.
        if (read_over_ && !closed_) Close(absl::OkStatus());
        return;
      }
      Read();
    }
    const absl::Status status = HandleAll(messages);
    if (status.ok()) continue;
    server::LogWarning("a worker's connection is ended",
                       {{"attempt", claimed_.has_value() ? claimed_->ToString() : "unknown"},
                        {"error", status.ToString()}});
    absl::MutexLock lock(&mutex_);
    working_ = false;
    if (!closed_) Close(status);
    return;
  }
}

absl::Status WorkerStream::HandleAll(const Inbox& messages) {
  for (const internal::v1::AttachRequest& message : messages) {
    RETURN_IF_ERROR(session_.Handle(message));
  }
  return session_.Flush();
}

void WorkerStream::Send(AttachResponse response) {
  absl::MutexLock lock(&mutex_);
  const bool is_assignment = response.has_assignment();
  outbox_.push_back(std::move(response));
  if (is_assignment) {
    assigned_ = true;
    for (AttachResponse& command : held_) outbox_.push_back(std::move(command));
    held_.clear();
  }
  Write();
}

void WorkerStream::SendCommand(Command::Kind kind) {
  absl::MutexLock lock(&mutex_);
  (assigned_ ? outbox_ : held_).push_back(CommandOf(kind));
  Write();
}

void WorkerStream::Write() {
  if (writing_ || closed_ || outbox_.empty()) return;
  response_ = std::move(outbox_.front());
  outbox_.pop_front();
  writing_ = true;
  StartWrite(&response_);
}

void WorkerStream::OnWriteDone(bool /*ok*/) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  Write();  // on a broken stream the reads end, and with them everything
}

// The worker, or its connection, is gone: the pending read fails, and Work goes on from there.
void WorkerStream::OnCancel() {}

void WorkerStream::Close(const absl::Status& status) {
  closed_ = true;
  Finish(PlainStatus(status));
}

void WorkerStream::OnDone() {
  deps_.workers->Schedule([self = std::move(self_)] {
    if (self->claimed_.has_value()) self->registry_.Remove(*self->claimed_, self.get());
    self->session_.Detach();
  });
}

}  // namespace winnow::rpc
