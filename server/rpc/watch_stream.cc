#include "server/rpc/watch_stream.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {

WatchStream::WatchStream(const Deps& deps, const Caller& caller,
                         grpc::CallbackServerContext* context, domain::JobName job,
                         int64_t after_sequence, std::function<void()> on_done)
    : deps_(deps),
      context_(context),
      job_(std::move(job)),
      on_done_(std::move(on_done)),
      standing_(deps, caller, method::kWatchJob),
      read_(after_sequence),
      delivered_(after_sequence),
      action_start_(deps.clock->Monotonic()) {}

void WatchStream::Begin() {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    // A first write with a buffer hint never leaves gRPC 1.51 unless the headers went before it.
    StartSendInitialMetadata();
    if (delivered_ > 0) deps_.telemetry->OnWatchResumed();
  }
  subscription_ = deps_.store->notifier().Subscribe(job_.ToString(), [this] { OnLogGrown(); });
  absl::MutexLock lock(&mutex_);
  begun_ = true;
  Pump();
}

void WatchStream::OnLogGrown() {
  absl::MutexLock lock(&mutex_);
  dirty_ = true;
  Pump();
}

void WatchStream::ReadLog() {
  int64_t after;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    after = read_;
  }
  const absl::StatusOr<store::EventPage> page = deps_.store->ReadEvents(job_, after, {});
  absl::MutexLock lock(&mutex_);
  reading_ = false;
  if (closed_) return;
  absl::Status status = page.status();
  if (status.ok()) status = TakePage(*page);
  if (!status.ok()) return Close(status, "ERROR");
  Pump();
}

absl::Status WatchStream::TakePage(const store::EventPage& page) {
  deps_.telemetry->OnWatchLag(page.last_sequence - read_);
  for (const domain::JobEvent& event : page.events) {
    ASSIGN_OR_RETURN(v1::JobEvent message, EventToProto(job_, event));
    batch_.push_back(std::move(message));
    read_ = event.sequence;
  }
  if (read_ < page.last_sequence) dirty_ = true;
  complete_ = read_ == page.last_sequence && domain::IsTerminal(page.state);
  return absl::OkStatus();
}

void WatchStream::Pump() {
  if (!begun_ || closed_ || writing_) return;
  if (!batch_.empty()) return WriteEvent();
  if (complete_ && last_sent_ != -absl::InfiniteDuration()) {
    return Close(absl::OkStatus(), "TERMINAL");
  }
  if (reading_) return;
  if (dirty_ && !complete_) {
    dirty_ = false;
    reading_ = true;
    deps_.requests->Schedule([self = shared_from_this()] { self->ReadLog(); });
    return;
  }
  WriteNoteIfDue();
}

void WatchStream::WriteEvent() {
  current_ = std::move(batch_.front());
  batch_.pop_front();
  delivered_ = current_.sequence();
  deps_.telemetry->OnWatchEventsSent(1);
  WriteNote();
}

void WatchStream::WriteNoteIfDue() {
  const absl::Duration now = deps_.clock->Monotonic();
  const std::optional<ProgressNote> note = deps_.progress->Job(job_);
  const absl::Duration wait = now - last_progress_;
  const bool is_new = note.has_value() && note->version != progress_version_;
  const bool is_progress_due = note.has_value() && wait >= (is_new ? deps_.limits.progress_interval
                                                                   : deps_.limits.progress_repeat);
  if (!is_progress_due && now - last_sent_ < deps_.limits.bookmark_interval) return;
  current_.Clear();
  current_.set_sequence(delivered_);
  if (is_progress_due) {
    *current_.mutable_event_time() = TimeToProto(note->time);
    current_.set_attempt(note->attempt);
    *current_.mutable_progress() = note->progress;
    NoteDropped(*note);
    progress_version_ = note->version;
    last_progress_ = now;
  } else {
    *current_.mutable_event_time() = TimeToProto(deps_.clock->Now());
    current_.mutable_bookmark();
  }
  WriteNote();
}

// Notes between the last one sent and this one never reached the watcher.
void WatchStream::NoteDropped(const ProgressNote& note) {
  const bool goes_on = progress_version_ > 0 && note.attempt == progress_attempt_;
  const int64_t dropped = goes_on ? note.number - progress_number_ - 1 : 0;
  if (dropped > 0) deps_.telemetry->OnWatchProgressDropped(dropped);
  progress_attempt_ = note.attempt;
  progress_number_ = note.number;
}

void WatchStream::WriteNote() {
  writing_ = true;
  action_start_ = last_sent_ = deps_.clock->Monotonic();
  grpc::WriteOptions options;
  // Hinted writes wait for the next one; the last that is there must not.
  if (!batch_.empty()) options.set_buffer_hint();
  StartWrite(&current_, options);
}

void WatchStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok && !closed_) return Close(absl::CancelledError("the client is gone"), "CLIENT");
  Pump();
}

void WatchStream::Tick() {
  absl::MutexLock lock(&mutex_);
  const bool is_late = deps_.clock->Monotonic() - action_start_ >= deps_.limits.write_timeout;
  if (closed_) {
    // The status waits behind what the client does not read; give its memory back.
    if (is_late && !cancelled_late_) context_->TryCancel();
    cancelled_late_ = cancelled_late_ || is_late;
    return;
  }
  const absl::Status standing = standing_.Check();
  if (!standing.ok()) return Close(standing, "CREDENTIAL");
  if (writing_ && is_late) {
    domain::Error error;
    error.code = absl::StatusCode::kUnavailable;
    error.reason = domain::reason::kWatcherTooSlow;
    error.message = absl::StrCat("the client did not read for ",
                                 absl::FormatDuration(deps_.limits.write_timeout));
    return Close(domain::ToStatus(error), "TOO_SLOW");
  }
  Pump();
}

void WatchStream::End(const absl::Status& status, const std::string& reason) {
  absl::MutexLock lock(&mutex_);
  if (!closed_) Close(status, reason);
}

void WatchStream::OnCancel() { End(absl::CancelledError("the client is gone"), "CLIENT"); }

void WatchStream::Close(const absl::Status& status, const std::string& reason) {
  closed_ = true;
  batch_.clear();
  action_start_ = deps_.clock->Monotonic();
  deps_.telemetry->OnWatchClosed(reason);
  Finish(Answer(*context_, *deps_.telemetry, status));
}

void WatchStream::OnDone() {
  subscription_.Cancel();
  const std::function<void()> on_done = on_done_;  // outlives this object
  on_done();
}

}  // namespace winnow::rpc
