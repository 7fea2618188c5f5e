// One WatchJob stream: pulls the log of a job from the store behind a cursor and writes it in
// order.
//
// Guarantees (service contract): ordered, unique, reliable: after event n comes n + 1; resumable
// behind any sequence; progress notes and bookmarks carry the last sequence written on this stream.
// One batch is in memory at a time, and the next is read only when the client's side has taken it.
#ifndef WINNOW_SERVER_RPC_WATCH_STREAM_H_
#define WINNOW_SERVER_RPC_WATCH_STREAM_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/domain/names.h"
#include "server/rpc/deps.h"
#include "server/rpc/standing.h"
#include "server/store/notifier.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::rpc {

// THREAD-SAFETY: any thread. mutex_ is held while gRPC operations are started: gRPC calls back on
// other threads, never from inside.
class WatchStream final : public grpc::ServerWriteReactor<v1::JobEvent>,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  // `on_done` is called last; the stream lives at least until then.
  WatchStream(const Deps& deps, const Caller& caller, grpc::CallbackServerContext* context,
              domain::JobName job, int64_t after_sequence, std::function<void()> on_done);

  // Sends the headers, subscribes and reads. Call once, before gRPC gets the reactor.
  void Begin();
  // Sends what is due by time; ends a stream whose client does not read, or whose caller is no
  // longer let in. Called ten times a second.
  void Tick();
  // Ends the stream now, whatever is under way.
  void End(const absl::Status& status, const std::string& reason);

  const domain::JobName& job() const { return job_; }

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void OnLogGrown();
  void ReadLog();
  absl::Status TakePage(const store::EventPage& page) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Starts the one thing that comes next, if anything.
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteEvent() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNoteIfDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNote() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteDropped(const ProgressNote& note) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close(const absl::Status& status, const std::string& reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Deps& deps_;
  grpc::CallbackServerContext* const context_;
  const domain::JobName job_;
  const std::function<void()> on_done_;
  store::Notifier::Subscription subscription_;

  absl::Mutex mutex_;
  Standing standing_ ABSL_GUARDED_BY(mutex_);
  int64_t read_ ABSL_GUARDED_BY(mutex_);       // last sequence taken from the store
  int64_t delivered_ ABSL_GUARDED_BY(mutex_);  // last sequence written
  std::deque<v1::JobEvent> batch_ ABSL_GUARDED_BY(mutex_);
  v1::JobEvent current_ ABSL_GUARDED_BY(mutex_);   // being written
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;     // the headers are on their way
  bool dirty_ ABSL_GUARDED_BY(mutex_) = true;      // the log may have grown behind read_
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;   // a read is on its way
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;   // a write is on its way
  bool complete_ ABSL_GUARDED_BY(mutex_) = false;  // the terminal event is in the batch or out
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;    // Finish was called; nothing may be started
  bool cancelled_late_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the newest note sent.
  int64_t progress_version_ ABSL_GUARDED_BY(mutex_) = 0;
  int32_t progress_attempt_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t progress_number_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration last_progress_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  absl::Duration last_sent_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  absl::Duration action_start_ ABSL_GUARDED_BY(mutex_);  // of the write, or of Finish
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WATCH_STREAM_H_
